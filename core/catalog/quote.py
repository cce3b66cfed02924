"""A quote being prepared: its lines, their cost, and the change to store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.catalog.orders.matcher import Line
from core.models.quote_states import QuoteState
from core.text import money
from core.text.normalize import LanguageCode

_MAX_AMOUNT = Decimal(10) ** 12  # the columns for amounts have twelve digits before the point


@dataclass(frozen=True, slots=True)
class OpenQuote:
    """The latest quote of a customer: waiting (`asking` or `open`), or expired not long ago."""

    id: int
    state: QuoteState
    language: LanguageCode
    lines: tuple[Line, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QuoteChange:
    """A change of quotes, stored in the transaction that sends the answer.

    With `lines` a new quote is created in `state`, replacing the one it is `based_on`; without, that one itself changes
    to `state`. `summary` tells an agent what was confirmed.
    """

    state: QuoteState
    based_on: int | None = None
    lines: tuple[Line, ...] = ()
    language: LanguageCode = "es"
    expires_at: datetime | None = None
    summary: str = ""


def quote_after(before: OpenQuote | None, change: QuoteChange | None) -> OpenQuote | None:
    """Return the customer's open quote after an answer that is not stored: it has no id of its own."""
    if change is None:
        return before
    if not change.lines or change.expires_at is None:
        return None
    return OpenQuote(0, change.state, change.language, change.lines, change.expires_at)


def amount_of(line: Line) -> Decimal | None:
    """Return the cost of a line in the currency's smallest unit; None while the line is not clear."""
    if line.item is None or line.quantity is None:
        return None
    return money.rounded(line.item.price * line.quantity, line.item.currency)


def totals(lines: tuple[Line, ...]) -> dict[str, Decimal]:
    """Return the total of the clear lines by currency, in the order the currencies appear."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        amount = amount_of(line)
        if line.item is not None and amount is not None:
            sums[line.item.currency] = sums.get(line.item.currency, Decimal(0)) + amount
    return sums


def within_limits(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Remove quantities that make a quote larger than its columns can store: they are asked about."""
    while any(total >= _MAX_AMOUNT for total in totals(lines).values()):
        largest = max(lines, key=lambda line: amount_of(line) or Decimal(0))
        lines = tuple(replace(line, quantity=None) if line is largest else line for line in lines)
    return lines


def unclear(lines: tuple[Line, ...]) -> Line | None:
    """Return the first line that needs a question to the customer."""
    return next((line for line in lines if not line.sure), None)
