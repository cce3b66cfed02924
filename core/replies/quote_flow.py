"""Quotes in a conversation: offer, clarify, confirm and decline. Prices come from the catalogue alone.

An answer to a quote never needs a model, so that a customer's SÍ counts when none is available. A new order needs none
if every line of it is clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from core.bots.llm.types import MakeQuote
from core.catalog import quote_texts
from core.catalog.orders.amendments import amended
from core.catalog.orders.confirmation import resolved, says_no, says_yes
from core.catalog.orders.matcher import SURE, Line, find, line_of, match_lines
from core.catalog.orders.parser import RequestedItem, read_order
from core.catalog.product_index import Item
from core.catalog.quote import OpenQuote, QuoteChange, unclear, within_limits
from core.models.quote_states import QuoteState
from core.text.normalize import LanguageCode
from core.text.numbers import PIECE, unit_named


@dataclass(frozen=True, slots=True)
class Situation:
    """Inputs of a decision about quotes.

    `text` is the customer's burst and `at` its time, which decides whether a quote has expired. `asked_last`: the last
    message to the customer asks about the quote, so that a mere "sí" refers to it; `asked_which`: it asks which product
    is meant, which a "sí" does not answer. `by_person`: an agent handles a confirmed quote.
    """

    text: str
    at: datetime
    items: tuple[Item, ...]
    open_quote: OpenQuote | None
    asked_last: bool
    asked_which: bool
    language: LanguageCode
    time_zone: str
    valid_for: timedelta
    by_person: bool


@dataclass(frozen=True, slots=True)
class Quoted:
    """The reply, and the change of quotes. `confidence` is that of the least certain line."""

    text: str
    change: QuoteChange | None
    confidence: float = 1.0

    @property
    def confirmed(self) -> bool:
        return self.change is not None and self.change.state == QuoteState.CONFIRMED


def respond_to_answer(now: Situation) -> Quoted | None:
    """Return the response to an answer to the open quote; None if `text` is no such answer."""
    quote = now.open_quote
    if quote is None:
        return None
    expired = _is_expired(quote, now)
    if quote.state == QuoteState.ASKING and not expired:
        lines = resolved(now.text, quote.lines, now.items, quote.language) if now.asked_last else None
        if lines is not None:
            return _offered(lines, now, quote)
        if now.asked_last and says_yes(now.text):  # to "which one?" that is no answer: ask again
            return _offered(quote.lines, now, quote)
    elif not expired and now.asked_which and says_yes(now.text):
        return _offered(quote.lines, now, quote)
    elif says_yes(now.text) and (now.asked_last or says_yes(now.text, plainly=True)):
        # "Sí. 3 camisas" agrees to something else than was offered.
        return _renewed(quote, now) if expired else _amended(quote, now) or _confirmed(quote, now)
    if expired:
        return None
    if says_no(now.text) and now.asked_last:
        return _declined(quote)
    return _amended(quote, now)


def _amended(quote: OpenQuote, now: Situation) -> Quoted | None:
    change = amended(now.text, quote.lines, now.items, quote.language)
    if change is None:
        return None
    if change.amount is not None:
        clear = any(line.item is not None for line in quote.lines)
        return Quoted(quote_texts.what_of(change.amount, quote.lines, quote.language), None) if clear else None
    return _offered(change.lines, now, quote)


def _confirmed(quote: OpenQuote, now: Situation) -> Quoted:
    text = quote_texts.confirmed(quote.lines, quote.language, by_person=now.by_person)
    summary = quote_texts.summary(quote.lines, quote.language)
    return Quoted(text, QuoteChange(QuoteState.CONFIRMED, based_on=quote.id, summary=summary))


def _declined(quote: OpenQuote) -> Quoted:
    return Quoted(quote_texts.declined(quote.language), QuoteChange(QuoteState.DECLINED, based_on=quote.id))


def _renewed(quote: OpenQuote, now: Situation) -> Quoted:
    """Offer the same lines at today's prices. Products no longer offered are asked about."""
    today = {item.id: item for item in now.items}
    lines = tuple(
        replace(line, item=today[line.item.id])
        if line.item is not None and line.item.id in today
        else replace(line, item=None, words=line.item.name if line.item else line.words)
        for line in quote.lines
    )
    return _offered(lines, now, quote, renewed=True)


def quote_order(now: Situation, *, doubtful: bool) -> Quoted | None:
    """Return the quote for an order in the customer's text, None if `text` is none.

    Without `doubtful` only if all of it is understood and every line is clear; a model may do better on the rest.
    """
    order = read_order(now.text, now.language)
    counted = any(line.quantity is not None and not line.article for line in order.lines)
    if not (counted or order.wish) or (order.price and not counted):
        return None
    # Text besides the order: "soy María", "¿cuándo llegan?".
    requested = [one for one in order.lines if not one.stray or find(one.words, now.items, now.language).score >= SURE]
    aside = order.rest or len(requested) < len(order.lines)
    lines = match_lines(requested, now.items, now.language)
    if not lines:
        return None
    recognised = any(line.item is not None or line.candidates for line in lines)
    if (aside or unclear(lines)) if not doubtful else not (recognised or (order.wish and counted)):
        return None
    return _offered((*_unchanged_lines(lines, now), *lines), now, now.open_quote)


def _unchanged_lines(ordered_now: Sequence[Line], now: Situation) -> list[Line]:
    """Return the lines of the open quote except those ordered anew: a new order amends the quote."""
    if now.open_quote is None or _is_expired(now.open_quote, now):
        return []
    again = {line.item.id for line in ordered_now if line.item is not None}
    return [line for line in now.open_quote.lines if line.item is None or line.item.id not in again]


def _is_expired(quote: OpenQuote, now: Situation) -> bool:
    return quote.state == QuoteState.EXPIRED or quote.expires_at <= now.at


def quote_model_order(order: MakeQuote, now: Situation) -> Quoted:
    """Build the quote for the model's order lines. The model names products; products and prices are resolved here."""
    requested = [_requested(line.product, line.quantity, line.unit) for line in order.lines]
    return _offered(tuple(line_of(one, now.items, now.language) for one in requested), now, now.open_quote)


def _requested(product: str, quantity: float | None, unit: str | None) -> RequestedItem:
    amount = None if quantity is None else Decimal(str(quantity))
    known_unit = unit_named(unit or "")
    # A unit that we do not convert ("caja") may be part of the name.
    words = product if known_unit is not None or not (unit or "").strip() else f"{unit} {product}"
    return RequestedItem(words.strip()[:200], amount, known_unit or PIECE)


def _offered(lines: Sequence[Line], now: Situation, based_on: OpenQuote | None, *, renewed: bool = False) -> Quoted:
    made = within_limits(tuple(lines))
    language = based_on.language if based_on else now.language  # a quote keeps its language to the end
    if not made:
        if based_on is None:
            raise ValueError("a quote has lines")
        return _declined(based_on)
    asking = unclear(made) is not None
    expires_at = now.at + now.valid_for
    text = (
        quote_texts.question(made, language)
        if asking
        else quote_texts.offer(made, expires_at, now.time_zone, language, renewed=renewed)
    )
    state = QuoteState.ASKING if asking else QuoteState.OPEN
    change = QuoteChange(state, based_on.id if based_on else None, made, language, expires_at)
    return Quoted(text, change, min(line.confidence for line in made))
