"""Detect long numbers in a reply that no source contains: telephone numbers, bank accounts, orders, parcels, invoices.

A number of eight digits or more cannot be guessed: it must occur in the business's texts or the customer's messages, in
any notation. Amounts of money, dates, ranges and lists of small numbers are not long numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import phonenumbers

from core.replies.output_checks import AMOUNT

_MIN_DIGITS = 8
_MIN_SHARED_DIGITS = 6  # digits in a row that two numbers do not share by chance
_BETWEEN = r"[ \u00a0\u202f().\u2010-\u2015\u2212/-]"
_NUMBER = re.compile(rf"(?<!\d)(?:\+ ?)?\(?\d(?:{_BETWEEN}{{0,3}}\d){{7,39}}(?!\d)")
_APART = re.compile(r"\s*/\s*|\s+\(|\)\s+|\s+[\u2010-\u2015-]\s+|\.\s+")  # separators between two numbers
_YEAR = r"(?:19|20)\d\d"
_MONTH, _DAY = r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12]\d|0?[1-9])"
_DATE = re.compile(
    rf"(?<![\d.])(?:{_YEAR}(?P<a>[-/.]){_MONTH}(?P=a){_DAY}|{_DAY}(?P<b>[-/.]){_MONTH}(?P=b)(?:{_YEAR}|\d\d)"
    rf"|{_MONTH}/{_DAY}/{_YEAR}|{_YEAR} ?[-\u2013/] ?{_YEAR})(?![\d-])"
)
_TIME = re.compile(r"\b\d{1,2}[:h]\d\d\b")
_HOURS = 24
_ROUND = 50
_SAME_NUMBER = (
    phonenumbers.MatchType.EXACT_MATCH,
    phonenumbers.MatchType.NSN_MATCH,
    phonenumbers.MatchType.SHORT_NSN_MATCH,
)


@dataclass(frozen=True, slots=True)
class _SourceNumbers:
    """Index of the source text: all digits in order, and the long numbers by their last digits."""

    digits: str
    by_end: dict[str, set[str]]


def invented_numbers(reply: str, source: str) -> tuple[str, ...]:
    """Return the long numbers of a reply that `source` does not contain, as they are written."""
    numbers = list(_long_numbers(reply))
    index = _index(source) if numbers else None
    return tuple(number.strip() for number in numbers if index and not _is_in_source(number, index))


def _long_numbers(text: str) -> Iterator[str]:
    plain = _TIME.sub(" | ", _DATE.sub(" | ", AMOUNT.sub(" | ", text)))
    return (found[0] for found in _NUMBER.finditer(plain) if not _are_small_numbers(_groups(found[0]), found[0]))


def _are_small_numbers(groups: Sequence[str], written: str) -> bool:
    """Return whether these are small numbers in a row: sizes, opening hours, a range such as 1000-2000."""
    values = [int(group) for group in groups]
    steps = {later - one for one, later in pairwise(values)}
    if written[0] in "+(" or groups[0][0] == "0" or not steps or min(steps) <= 0:
        return False
    if len(groups) == 2:
        return all(value % _ROUND == 0 for value in values)
    return max(values) <= _HOURS or len(steps) == 1


def _index(source: str) -> _SourceNumbers:
    by_end: dict[str, set[str]] = {}
    for found in _NUMBER.finditer(source):
        for one in (found[0], *_APART.split(found[0])):
            number = _normalized(one)
            by_end.setdefault(number[-_MIN_SHARED_DIGITS:], set()).add(number)
    return _SourceNumbers("|".join(map(_digits, source.splitlines())), by_end)


def _is_in_source(written: str, index: _SourceNumbers) -> bool:
    """Return whether a number occurs in the source; small numbers beside it ("12345678 (2 pairs)") are ignored."""
    if _digits(written) in index.digits or _matches_source(written, index):
        return True
    first, *others = _APART.split(written)
    rest = [_digits(one) for one in others if not _matches_source(one, index)]
    return bool(others) and _matches_source(first, index) and sum(map(len, rest)) < _MIN_DIGITS


def _matches_source(written: str, index: _SourceNumbers) -> bool:
    """Return whether a number matches one of the source, with or without its country and area codes."""
    number = _normalized(written)
    candidates = index.by_end.get(number[-_MIN_SHARED_DIGITS:], ())
    return any(one.endswith(number) or phonenumbers.is_number_match(number, one) in _SAME_NUMBER for one in candidates)


def _normalized(written: str) -> str:
    """Return the digits of a number, with a + if it begins with a country code."""
    international, digits = written.lstrip(" (").startswith("+"), _digits(written)
    return f"+{digits}" if international else f"+{digits[2:]}" if digits.startswith("00") else digits


def _groups(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
