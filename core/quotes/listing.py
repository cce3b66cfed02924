"""The quotes that customers were given, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from core.models import Contact, Conversation
from core.models.quote import Quote, QuoteLine, QuoteState

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A quote in a list. `total` and `currency` are None where its lines name several currencies.

    `products` says its lines in short: quantities and names, or the customer's words where they are not clear.
    """

    id: int
    conversation_id: int
    customer: str
    state: QuoteState
    total: Decimal | None
    currency: str | None
    products: Sequence[tuple[Decimal | None, str]]
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many quotes are in a state, and what they come to in one currency (None: in several)."""

    state: QuoteState
    currency: str | None
    count: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class Detail:
    """A line of a quote: see `core.models.quote.QuoteLine`. `amount` is None while it is not clear."""

    words: str
    name: str
    sku: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    amount: Decimal | None
    currency: str | None
    confidence: float


def listing(
    session: Session,
    business_id: int,
    *,
    state: QuoteState | None = None,
    since: datetime | None = None,
    before_id: int | None = None,
    limit: int = PAGE,
) -> Sequence[Listed]:
    """The newest quotes first, of a state if one is named. `before_id` goes on after the last one of a page."""
    wanted = _quotes(_within(business_id, since)).order_by(Quote.id.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(Quote.state == state)
    if before_id is not None:
        wanted = wanted.where(Quote.id < before_id)
    return _read(session, wanted)


def of_conversation(session: Session, conversation_id: int) -> Sequence[Listed]:
    """All quotes of a conversation, the newest first: a change made a new one and left the old as it was said."""
    return _read(session, _quotes(Quote.conversation_id == conversation_id).order_by(Quote.id.desc()))


def sums(session: Session, business_id: int, since: datetime | None = None) -> Sequence[Sum]:
    """What the quotes come to, by state and currency. A quote that was changed counts once, as what it became."""
    rows = session.execute(
        select(Quote.state, Quote.currency, func.count(), func.sum(Quote.total))
        .where(_within(business_id, since), Quote.state != QuoteState.REPLACED)
        .group_by(Quote.state, Quote.currency)
        .order_by(Quote.state, func.count().desc())
    )
    return [Sum(QuoteState(state), currency, count, total or Decimal(0)) for state, currency, count, total in rows]


def lines(session: Session, quote_id: int) -> Sequence[Detail]:
    """What a quote says, line by line."""
    rows = session.scalars(select(QuoteLine).where(QuoteLine.quote_id == quote_id).order_by(QuoteLine.position))
    return [
        Detail(
            row.words, row.name, row.sku, row.quantity, row.unit or row.said_unit, row.price, row.amount, row.currency,
            row.confidence,
        )
        for row in rows
    ]  # fmt: skip


def _within(business_id: int, since: datetime | None) -> ColumnElement[bool]:
    mine = Quote.business_id == business_id
    return mine & (true() if since is None else Quote.created_at >= since)


def _quotes(condition: ColumnElement[bool]) -> Select[Quote, str]:
    return (
        select(Quote, Contact.name)
        .join(Conversation, Conversation.id == Quote.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(condition)
    )


def _read(session: Session, wanted: Select[Quote, str]) -> list[Listed]:
    found = [(quote, customer) for quote, customer in session.execute(wanted)]
    said: dict[int, list[tuple[Decimal | None, str]]] = {quote.id: [] for quote, _ in found}
    if said:
        rows = session.execute(
            select(QuoteLine.quote_id, QuoteLine.quantity, QuoteLine.name, QuoteLine.words)
            .where(QuoteLine.quote_id.in_(said))
            .order_by(QuoteLine.quote_id, QuoteLine.position)
        )
        for quote_id, quantity, name, words in rows:
            said[quote_id].append((quantity, name or words))
    return [
        Listed(
            quote.id, quote.conversation_id, customer, QuoteState(quote.state), quote.total, quote.currency,
            said[quote.id], quote.created_at, quote.expires_at, quote.decided_at,
        )
        for quote, customer in found
    ]  # fmt: skip
