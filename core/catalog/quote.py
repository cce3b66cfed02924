"""A quote while it is being made: its lines, what they cost, and what shall become of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.catalog.orders.matcher import Line
from core.models.quote_states import QuoteState
from core.text import money
from core.text.normalize import LanguageCode

_TOO_DEAR = Decimal(10) ** 12  # the columns for amounts hold twelve digits before the point


@dataclass(frozen=True, slots=True)
class OpenQuote:
    """The quote that a customer was last given: waiting (`asking` or `open`), or expired not long ago."""

    id: int
    state: QuoteState
    language: LanguageCode
    lines: tuple[Line, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QuoteChange:
    """What an answer does to quotes, in the transaction that says it.

    With `lines` a new quote is made in `state`, and the one it is `based_on` is replaced; without, that one itself
    becomes `state`. `summary` tells a person what was confirmed.
    """

    state: QuoteState
    based_on: int | None = None
    lines: tuple[Line, ...] = ()
    language: LanguageCode = "es"
    expires_at: datetime | None = None
    summary: str = ""


def standing(before: OpenQuote | None, change: QuoteChange | None) -> OpenQuote | None:
    """The quote that a customer has before them after an answer, where none is kept: it has no id of its own."""
    if change is None:
        return before
    if not change.lines or change.expires_at is None:
        return None
    return OpenQuote(0, change.state, change.language, change.lines, change.expires_at)


def amount_of(line: Line) -> Decimal | None:
    """What a line costs, to the smallest coin; None while it is not clear."""
    if line.item is None or line.quantity is None:
        return None
    return money.rounded(line.item.price * line.quantity, line.item.currency)


def totals(lines: tuple[Line, ...]) -> dict[str, Decimal]:
    """What the clear lines cost together, by currency, in the order the currencies appear."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        amount = amount_of(line)
        if line.item is not None and amount is not None:
            sums[line.item.currency] = sums.get(line.item.currency, Decimal(0)) + amount
    return sums


def within_reach(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines without the quantities that would make a quote dearer than can be kept: they are asked back."""
    while any(total >= _TOO_DEAR for total in totals(lines).values()):
        dearest = max(lines, key=lambda line: amount_of(line) or Decimal(0))
        lines = tuple(replace(line, quantity=None) if line is dearest else line for line in lines)
    return lines


def unclear(lines: tuple[Line, ...]) -> Line | None:
    """The first line that has to be asked back."""
    return next((line for line in lines if not line.sure), None)
