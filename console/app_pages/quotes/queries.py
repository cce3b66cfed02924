"""Queries of the quotes page and of the quote in the customer panel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console import auth
from console.reading import reading
from core.accounts import visibility
from core.catalog import quote_reads
from core.catalog.quote_reads import QuoteDetails, QuoteRow, StateTotal
from core.models import QuoteState


def listed(states: Sequence[QuoteState], since: datetime | None, before: int | None, limit: int) -> Sequence[QuoteRow]:
    """Return quotes, newest first, optionally by state. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return quote_reads.listed(
            session, states=states, since=since, before=before, limit=limit, seen=visibility.seen_by(agent)
        )


def sums(since: datetime, until: datetime) -> Sequence[StateTotal]:
    """Return number and value of quotes. A changed quote counts once, as its latest form. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        found = quote_reads.by_state(session, since, until, visibility.seen_by(agent))
    return [one for one in found if one.state != QuoteState.REPLACED]


def details(quote_id: int) -> QuoteDetails:
    """Return a quote. Raises `NotAllowed` and `NotFound`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        visibility.require_quote(session, agent, quote_id)
        return quote_reads.details(session, quote_id)
