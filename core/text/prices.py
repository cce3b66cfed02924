"""Parse prices as written in spreadsheets: "1.234,50 €", "US$ 12.5", "48.000"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from babel.numbers import list_currencies

from core.text.numbers import Mark, decimal_mark

if TYPE_CHECKING:
    from core.platform.spreadsheets import Cell

SMALLEST = Decimal("0.0001")
HIGHEST = Decimal("9999999999.9999")
_SIGNS = {
    "US$": "USD", "U$S": "USD", "USD$": "USD", "R$": "BRL", "S/": "PEN", "€": "EUR", "£": "GBP",
    "₲": "PYG", "₡": "CRC", "¥": "JPY",
    "$": "",  # pesos or dollars: the business's currency
}  # fmt: skip
_SPACES = re.compile(r"[\s\u00a0\u202f']+")
_PRICE = re.compile(r"([^\d.,+-]*)([\d.,]*\d)([^\d]*)")


class NoPrice(ValueError):
    """`reason` is "price", "ambiguous" (a thousand, or three decimals?) or "currency" (there is no such)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Price:
    """`currency` is an ISO 4217 code, empty where none is named."""

    amount: Decimal
    currency: str = ""


def decimal_marks(cells: Iterable[Cell]) -> frozenset[Mark]:
    """Return the decimal marks in a column of prices; none if no price shows one, both if they disagree."""
    return frozenset(mark for cell in cells if isinstance(cell, str) and (mark := decimal_mark(_digits(cell))))


def read(cell: Cell, marks: frozenset[Mark] = frozenset()) -> Price:
    """Parse the price in a cell, with up to four decimals.

    `marks` decides what "1.234" is. If the column has no decimals it is a thousand, as price lists in whole pesos write
    it; if the column is inconsistent it is ambiguous. Values computed by a workbook are rounded. Raises `NoPrice`.
    """
    if isinstance(cell, Decimal):
        return Price(_accepted(cell, rounded=True))
    match = _parted(cell)
    if match is None or (match[1] and match[3]):
        raise NoPrice("price")
    return Price(_accepted(_number(match[2], marks)), currency(match[1] or match[3]))


def currency(words: str) -> str:
    """Return the ISO 4217 code of a sign or a code; empty for none and for "$". Raises `NoPrice`."""
    code = words.strip().upper().rstrip(".") if words.strip() not in _SIGNS else words.strip()
    if not code:
        return ""
    if code in _SIGNS:
        return _SIGNS[code]
    if code not in codes():
        raise NoPrice("currency")
    return code


@cache
def codes() -> frozenset[str]:
    """Return all currency codes."""
    return frozenset(list_currencies())


def _parted(cell: str) -> re.Match[str] | None:
    return _PRICE.fullmatch(_SPACES.sub("", cell).replace("S/.", "S/"))


def _digits(cell: str) -> str:
    match = _parted(cell)
    return match[2] if match else ""


def _number(digits: str, marks: frozenset[Mark]) -> Decimal:
    own = decimal_mark(digits)
    if own is None and not digits.isdigit() and len(marks) > 1:
        raise NoPrice("ambiguous")
    own = own or next(iter(marks), None) or ("," if "." in digits else ".")
    thousands = "." if own == "," else ","
    whole, _, decimals = digits.partition(own)
    if own in decimals or thousands in decimals or not _grouped(whole, thousands):
        raise NoPrice("price")
    return Decimal(f"{whole.replace(thousands, '') or '0'}.{decimals or '0'}")


def _grouped(whole: str, thousands: str) -> bool:
    first, *groups = whole.split(thousands)
    return all(len(group) == 3 for group in groups) and (not groups or 0 < len(first) <= 3)


def _accepted(amount: Decimal, *, rounded: bool = False) -> Decimal:
    if not amount.is_finite() or not 0 <= amount <= HIGHEST:
        raise NoPrice("price")
    rounded_amount = amount.quantize(SMALLEST)
    if rounded_amount != amount and not rounded:
        raise NoPrice("price")
    return rounded_amount
