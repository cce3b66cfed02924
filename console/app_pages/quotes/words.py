"""Quotes formatted for the viewer."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import streamlit as st
from babel.numbers import format_decimal

from console.app_pages.catalogue import words
from console.formatting import Colour
from console.i18n import current, t
from core.catalog.quote_reads import QuotedLine, QuoteRow
from core.models import QuoteState

WAITING = (QuoteState.ASKING, QuoteState.OPEN)
CONFIRMED = QuoteState.CONFIRMED
FILTERS: dict[str, tuple[QuoteState, ...]] = {
    "all": (), "waiting": WAITING, "confirmed": (CONFIRMED,), "declined": (QuoteState.DECLINED,),
    "expired": (QuoteState.EXPIRED,), "replaced": (QuoteState.REPLACED,),
}  # fmt: skip
_COLOUR: dict[QuoteState, Colour] = {
    QuoteState.ASKING: "orange", QuoteState.OPEN: "blue", QuoteState.CONFIRMED: "green", QuoteState.DECLINED: "red",
    QuoteState.EXPIRED: "gray", QuoteState.REPLACED: "gray",
}  # fmt: skip


def badge(state: QuoteState) -> None:
    """Return the state as a coloured badge."""
    st.badge(t(f"quotes.state_{state}"), color=_COLOUR[state], help=t(f"quotes.state_{state}_help"))


def total(quote: QuoteRow) -> str:
    """Return the total; a dash for several currencies or no clear line."""
    return "—" if quote.total is None or quote.currency is None else words.price(quote.total, quote.currency)


def money(sums: Iterable[tuple[Decimal, str | None]]) -> str:
    """Return an amount per currency."""
    by_currency: dict[str, Decimal] = {}
    for amount, currency in sums:
        if currency:
            by_currency[currency] = by_currency.get(currency, Decimal(0)) + amount
    return " + ".join(words.price(amount, currency) for currency, amount in by_currency.items()) or "—"


def quantity(line: QuotedLine) -> str:
    """Return the quantity, "2 kg"; a question mark while it is unclear."""
    if line.quantity is None:
        return "?"
    number = format_decimal(line.quantity.normalize(), locale=current(), decimal_quantization=False)
    return f"{number} {line.unit or line.said_unit}".strip()


def meant(line: QuotedLine) -> str:
    """Return the product, or the customer's words and possible matches."""
    if line.name:
        return line.name
    choices = f" → {' / '.join(line.candidates)}?" if line.candidates else "?"
    return f"«{line.words}»{choices}"
