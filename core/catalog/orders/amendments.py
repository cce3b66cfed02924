"""Amend a quote from the customer's text: "mejor 3", "quita la camisa", "agrega 1 gorra". No model involved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.catalog.orders.matcher import SURE, Line, find, line_of, settled
from core.catalog.orders.parser import RequestedItem, bare_quantity, read_order
from core.catalog.orders.vocabulary import ADD, BUT, NO, NOTHING_MORE, REMOVE, SET, VERBS, YES
from core.catalog.product_index import Item
from core.text.normalize import LanguageCode, words
from core.text.numbers import Quantity
from core.text.stopwords import NEGATIONS

_CLAUSES = re.compile(r"(?:[,;.!\n]+|\s+(?:y|e|and|pero|but|mas|porém|porem)\s+)", re.I)


@dataclass(frozen=True, slots=True)
class Amended:
    """The lines after a change (none: all were removed). `amount` without lines: its product is not clear."""

    lines: tuple[Line, ...] = ()
    amount: Decimal | None = None


def amended(text: str, lines: tuple[Line, ...], items: tuple[Item, ...], language: LanguageCode) -> Amended | None:
    """Apply "mejor 3", "quita la camisa" or "agrega 1 gorra" to the lines; None if `text` is no such change."""
    now = lines
    changed = False
    for verb, clause in _clauses(text):
        step = _step(verb, clause, now, items, language)
        if isinstance(step, Amended):
            return step
        if step is None:
            return None
        changed = changed or step != now
        now = step
    return Amended(now) if changed else None


def _clauses(text: str) -> list[tuple[frozenset[str] | None, str]]:
    """Split into (action, object). A part without a verb continues the previous one: "quita la una y la otra"."""
    parts: list[tuple[frozenset[str] | None, str]] = []
    for part in _CLAUSES.split(text):
        tokens = words(part)
        if not tokens or all(word in NOTHING_MORE | YES | NO | BUT and word not in VERBS for word in tokens):
            continue
        verb = next((kind for kind in (REMOVE, SET, ADD) if any(word in kind for word in tokens)), None)
        if verb is None and any(word in NEGATIONS for word in tokens):
            verb = REMOVE  # "ya no quiero la camisa"
        if verb is None and parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]}, {part}")
        else:
            parts.append((verb, part))
    return parts


def _step(
    verb: frozenset[str] | None, clause: str, lines: tuple[Line, ...], items: tuple[Item, ...], language: LanguageCode
) -> tuple[Line, ...] | Amended | None:
    rest = " ".join(
        word for word in clause.split() if not set(words(word)) & (VERBS | NEGATIONS | BUT) or not words(word)
    )
    quantity = bare_quantity(rest, language)
    if quantity is not None and (verb is not None or not quantity.article):
        return _requantified(verb, quantity, lines)
    order = read_order(rest, language)
    if not order.lines or (order.rest and verb is None):
        return None
    for one in order.lines:
        known = _line_named(one, lines, language)
        if verb is REMOVE:
            if known is None:
                return None
            lines = _replaced(lines, known, _less(known, one))
        elif known is not None and (one.quantity is not None or verb is ADD):
            lines = _replaced(lines, known, _with(known, one, more=verb is ADD))
        elif known is None and (verb is not None or (one.quantity is not None and not one.stray)):
            new = line_of(one, items, language)
            if not new.sure and verb is not ADD and not (verb is None and new.candidates):
                return None
            lines = (new,) if verb is SET and len(lines) == 1 else (*lines, new)
        else:
            return None
    return lines


def _requantified(
    verb: frozenset[str] | None, quantity: Quantity, lines: tuple[Line, ...]
) -> tuple[Line, ...] | Amended:
    """Apply a number alone, which refers to the only line."""
    if len(lines) != 1 or lines[0].item is None:
        return Amended(amount=quantity.amount)
    item = RequestedItem(lines[0].words, quantity.amount, quantity.unit)
    if verb is REMOVE:
        return _replaced(lines, lines[0], _less(lines[0], item))
    return _replaced(lines, lines[0], _with(lines[0], item, more=verb is ADD))


def _line_named(wanted: RequestedItem, lines: Sequence[Line], language: LanguageCode) -> Line | None:
    """Return the line that the words name: by the product's name, or as the customer called it."""
    known = tuple(line.item for line in lines if line.item is not None)
    found = find(wanted.words, known, language)
    if len(found.items) != 1 or found.score < SURE:
        return None
    return next(line for line in lines if line.item == found.items[0])


def _with(line: Line, wanted: RequestedItem, *, more: bool) -> Line | None:
    if line.item is None:
        return line
    unit = wanted.unit or ""
    new = settled(replace(line, quantity=wanted.quantity or Decimal(1), unit=unit, words=wanted.words), line.item)
    if more and new.quantity is not None and line.quantity is not None:
        return replace(new, quantity=new.quantity + line.quantity)
    return new


def _less(line: Line, wanted: RequestedItem) -> Line | None:
    """Return the line reduced by a quantity; None when nothing is left."""
    if wanted.quantity is None or line.quantity is None or wanted.quantity >= line.quantity:
        return None
    return replace(line, quantity=line.quantity - wanted.quantity)


def _replaced(lines: tuple[Line, ...], old: Line, new: Line | None) -> tuple[Line, ...]:
    at = lines.index(old)
    return (*lines[:at], *((new,) if new is not None else ()), *lines[at + 1 :])
