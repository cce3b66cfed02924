"""Commands on quotes."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import visibility
from core.catalog import quote_reads, quotes
from core.platform import events


def cancel(quote_id: int) -> None:
    """Cancel an open quote. Raises `NotAllowed`, `NotFound` and `Conflict`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_quote(session, agent, quote_id)
        quotes.cancel(session, quote_id)
        events.publish_change(session, quote_reads.details(session, quote_id).quote.conversation_id)
