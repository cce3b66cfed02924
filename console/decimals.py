"""Localized decimal inputs. Streamlit's number input uses a decimal point in every language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import streamlit as st
from babel.numbers import NumberFormatError, format_decimal, parse_decimal

from console.i18n import current, t

state = st.session_state
_LONGEST = 30
_NUMBER = re.compile(r"[+-]?\d[\d.,\s\u00a0\u202f]*")  # Decimal accepts more: "1e5", "1_000", "NaN"


@dataclass(frozen=True, slots=True)
class Typed:
    """Content of a field: a number, nothing, or a readable error."""

    value: Decimal | None
    fault: str = ""

    @property
    def number(self) -> float | None:
        return None if self.value is None else float(self.value)


def written(value: Decimal | float | None) -> str:
    """Format a number for editing: no grouping, all its decimals; "" for None."""
    if value is None:
        return ""
    exact = Decimal(str(value)).normalize()
    return format_decimal(exact, locale=current(), decimal_quantization=False, group_separator=False)


def read(words: str, low: float, high: float, *, needed: bool = False) -> Typed:
    """Parse localized input within bounds. Empty is None, or an error if `needed`."""
    words = words.strip()
    if not words and not needed:
        return Typed(None)
    wrong = Typed(None, fault(low, high))
    if not _NUMBER.fullmatch(words):
        return wrong
    try:
        value = parse_decimal(words, locale=current(), strict=True)
    except NumberFormatError:
        return wrong
    return Typed(value) if Decimal(str(low)) <= value <= Decimal(str(high)) else wrong


def fault(low: float, high: float) -> str:
    """Return what to write within these bounds, in the language's form."""
    return t("numbers.fault", low=written(low), high=written(high), example=written(low + 0.5))


def field(  # noqa: PLR0913 - with the options of a text input
    label: str,
    low: float,
    high: float,
    value: Decimal | float | None,
    *,
    key: str,
    needed: bool = False,
    disabled: bool = False,
    help: str | None = None,
    placeholder: str | None = None,
    width: int | Literal["stretch"] = "stretch",
) -> Typed:
    """Draw a field with initial `value`. Invalid input stays, with the error below."""
    state.setdefault(key, written(value))
    with st.container(gap=None, width=width):
        words = st.text_input(
            label, key=key, max_chars=_LONGEST, disabled=disabled, help=help, placeholder=placeholder or ""
        )
        found = read(words, low, high, needed=needed)
        if found.fault:
            st.caption(f":red[{found.fault}]")
    return found
