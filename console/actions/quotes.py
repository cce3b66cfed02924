"""What people do about quotes."""

from __future__ import annotations

from console import auth
from console.store import transaction
from core import live
from core.people import visibility
from core.quotes import queries, service


def cancel(quote_id: int) -> None:
    """Withdraw a quote that still waits. Raises `NotAllowed`, `NotFound` and `Conflict`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        visibility.require_quote(session, agent, quote_id)
        service.cancel(session, agent.business_id, quote_id, f"agent:{agent.id}")
        live.notify(session, agent.business_id, queries.details(session, quote_id).quote.conversation_id)
