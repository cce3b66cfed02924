"""Read quotes for the console and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from core.accounts.visibility import Conditions
from core.models import Contact, Conversation, Product, Quote, QuoteLine, QuoteState
from core.platform.errors import NotFound


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A quote in a list. `total` and `currency` are None if its lines have several currencies, or none is clear."""

    id: int
    conversation_id: int
    contact_id: int
    contact: str
    state: QuoteState
    currency: str | None
    total: Decimal | None
    lines: int
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line as the customer wrote it. Without `name` the product is not clear: `candidates` are the possible names."""

    words: str
    quantity: Decimal | None
    said_unit: str
    product_id: int | None
    sku: str
    name: str
    unit: str
    price: Decimal | None
    currency: str | None
    amount: Decimal | None
    confidence: float
    candidates: Sequence[str]


@dataclass(frozen=True, slots=True)
class QuoteDetails:
    """A quote with its lines, and the history: the other quotes of its conversation, oldest first."""

    quote: QuoteRow
    lines: Sequence[QuotedLine]
    history: Sequence[QuoteRow]


@dataclass(frozen=True, slots=True)
class StateTotal:
    """Count and total of the quotes in a state over a period. `currency` None: several, or none."""

    state: QuoteState
    currency: str | None
    count: int
    total: Decimal


def listed(
    session: Session,
    *,
    states: Sequence[QuoteState] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    conversation_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
    seen: Conditions = (),
) -> Sequence[QuoteRow]:
    """Return quotes of the visible conversations, newest first.

    `since` and `until` bound the creation time; `before` is the last id of the previous page.
    """
    chosen = _rows().where(*seen).order_by(Quote.id.desc()).limit(limit)
    if states:
        chosen = chosen.where(Quote.state.in_(states))
    if since is not None:
        chosen = chosen.where(Quote.created_at >= since)
    if until is not None:
        chosen = chosen.where(Quote.created_at < until)
    if conversation_id is not None:
        chosen = chosen.where(Quote.conversation_id == conversation_id)
    if before is not None:
        chosen = chosen.where(Quote.id < before)
    return [_row(row) for row in session.execute(chosen)]


def details(session: Session, quote_id: int) -> QuoteDetails:
    """Return one quote.

    Raises:
        NotFound: there is no such quote.
    """
    found = session.execute(_rows().where(Quote.id == quote_id)).one_or_none()
    if found is None:
        raise NotFound(f"No quote {quote_id}.")
    quote = _row(found)
    lines = session.scalars(select(QuoteLine).where(QuoteLine.quote_id == quote_id).order_by(QuoteLine.position)).all()
    meant = {product for line in lines for product in line.candidates}
    products = select(Product.id, Product.name).where(Product.id.in_(meant))
    names = {row.id: row.name for row in session.execute(products)}
    history = _rows().where(Quote.conversation_id == quote.conversation_id).order_by(Quote.id)
    return QuoteDetails(
        quote,
        [
            QuotedLine(
                line.words,
                line.quantity,
                line.said_unit,
                line.product_id,
                line.sku,
                line.name,
                line.unit,
                line.price,
                line.currency,
                line.amount,
                line.confidence,
                [names[product] for product in line.candidates if product in names],
            )
            for line in lines
        ],
        [_row(row) for row in session.execute(history)],
    )


_NEWEST = (
    select(Quote.id)
    .where(Quote.conversation_id == bindparam("conversation"), Quote.state != QuoteState.REPLACED)
    .order_by(Quote.id.desc())
    .limit(1)
)


def waiting_in(session: Session, conversation_id: int) -> QuoteDetails | None:
    """Return the newest quote of a conversation that was not replaced, None when there is none."""
    quote_id = session.scalar(_NEWEST, {"conversation": conversation_id})
    return None if quote_id is None else details(session, quote_id)


def by_state(session: Session, since: datetime, until: datetime, seen: Conditions = ()) -> Sequence[StateTotal]:
    """Return the quotes created in a period, by state and currency, of the visible conversations.

    A change counts once: the replaced quote has a state of its own.
    """
    rows = session.execute(
        select(Quote.state, Quote.currency, func.count(), func.coalesce(func.sum(Quote.total), 0))
        .where(Quote.created_at >= since, Quote.created_at < until, *_in_seen(seen))
        .group_by(Quote.state, Quote.currency)
        .order_by(Quote.state, Quote.currency)
    )
    return [
        StateTotal(QuoteState(state), currency, count, total or Decimal(0)) for state, currency, count, total in rows
    ]


def _in_seen(seen: Conditions) -> Conditions:
    return (exists().where(Conversation.id == Quote.conversation_id, *seen),) if seen else ()


_LINES = select(func.count()).where(QuoteLine.quote_id == Quote.id).correlate(Quote).scalar_subquery()


def _rows() -> Select[Any]:
    return (
        select(Quote, Contact.id.label("contact_id"), Contact.name.label("contact"), _LINES.label("lines"))
        .join(Conversation, Conversation.id == Quote.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
    )


def _row(found: Row[Any]) -> QuoteRow:
    quote: Quote = found[0]
    return QuoteRow(
        quote.id,
        quote.conversation_id,
        found.contact_id,
        found.contact,
        QuoteState(quote.state),
        quote.currency,
        quote.total,
        found.lines,
        quote.created_at,
        quote.expires_at,
        quote.decided_at,
    )
