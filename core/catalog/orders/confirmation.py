"""Parse the answer to a quote: yes, no, which one, how many. No model involved."""

from __future__ import annotations

import re
from dataclasses import replace

from core.catalog.orders.matcher import SURE, Line, find, match_lines, settled
from core.catalog.orders.parser import RequestedItem, bare_quantity, read_order
from core.catalog.orders.vocabulary import BUT, NO, NOTHING_MORE, REMOVE, SURELY_YES, TAKEN_BACK, VERBS, YES
from core.catalog.product_index import Item
from core.catalog.quote import unclear
from core.text.matching import SAME_MEANING, corrections
from core.text.normalize import LanguageCode, fold, words
from core.text.numbers import Quantity
from core.text.stopwords import NEGATIONS

_MAX_LENGTH = 500  # characters: a longer text says more than yes or no
_LONG = 6  # letters
_ASKS = re.compile(r"\W*¿|[^.!\n¿]*\?")  # the first sentence is a question
_SIGNS = {"👍": " si ", "👌": " si ", "✅": " si ", "✔": " si ", "👎": " no ", "❌": " no "}

_ORDINALS = {
    word: at
    for at, forms in enumerate(
        (
            "primera primero primer primeira primeiro first 1ra 1ro 1a 1o 1era 1ero 1st",
            "segunda segundo second 2da 2do 2a 2o 2nd",
            "tercera tercero tercer terceira terceiro third 3ra 3ro 3a 3o 3rd",
        )
    )
    for word in forms.split()
}
_LAST = frozenset(words("ultima ultimo last"))


def says_yes(text: str, *, plainly: bool = False) -> bool:
    """Return whether a text agrees and says nothing else, or agrees in its first sentence and retracts nothing.

    A question ("¿ya está confirmado?") does not agree. `plainly`: it names what it agrees to ("confirmo"); a mere "sí"
    may answer another question.
    """
    if len(text) > _MAX_LENGTH or _ASKS.match(text):
        return False
    first, _, rest = _normalized(text).partition(".")
    tokens, later = words(first), words(rest)
    if any(word in NEGATIONS | BUT | TAKEN_BACK | VERBS - {"mejor", "solo"} for word in later):
        return False
    if not tokens or any(word in NEGATIONS for word in tokens):
        return False
    agreeing = [word for word in tokens if _matches(word, YES)]
    others = [word for word in tokens if word not in agreeing and word not in NOTHING_MORE]
    return bool(agreeing) and not others and (not plainly or any(_matches(word, SURELY_YES) for word in tokens))


def says_no(text: str) -> bool:
    """Return whether a text declines and says nothing else: "no, gracias", "mejor no", "ya no lo quiero"."""
    if len(text) > _MAX_LENGTH:
        return False
    tokens = words(_normalized(text))
    others = [
        word for word in tokens if word not in NO and word not in NEGATIONS and not _matches(word, NOTHING_MORE | YES)
    ]
    declines = any(word in NO or word in NEGATIONS for word in tokens)
    return declines and not others and not re.search(r"\?|\bpor que no\b|\bcomo no\b|\bwhy not\b", fold(text))


def _normalized(text: str) -> str:
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    # "siii", "yesss", "nooo": a repeated letter.
    shortened = re.sub(r"([^\W\d])\1{2,}", r"\1", fold(text))
    return re.sub(
        r"[.!?\n]+", ".", re.sub(r"\b(si+|no+|yes+|sim+)\b", lambda found: _short(found[0]), shortened)
    ).strip(". ¡¿")


def _short(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


def _matches(word: str, known: frozenset[str]) -> bool:
    """Return whether it is one of these words, allowing a typo in a long one."""
    long = (other for other in known if len(other) >= _LONG)
    return word in known or (len(word) >= _LONG and SAME_MEANING in corrections(word, long).values())


def resolved(
    text: str, lines: tuple[Line, ...], items: tuple[Item, ...], language: LanguageCode
) -> tuple[Line, ...] | None:
    """Return the lines after an answer about the first unclear one; None if `text` does not answer that."""
    line = unclear(lines)
    if line is None:
        return None
    answer = _about(text, line, items, language)
    if answer is None:
        return None
    at = lines.index(line)
    return (*lines[:at], *answer, *lines[at + 1 :])


def _about(text: str, line: Line, items: tuple[Item, ...], language: LanguageCode) -> tuple[Line, ...] | None:
    if says_no(text) or _leaves_out(text):
        return ()
    if line.item is not None:
        quantity_given = bare_quantity(text, language) or _quantity_of(text, line.item, language)
        return (
            (settled(replace(line, quantity=quantity_given.amount, unit=quantity_given.unit), line.item),)
            if quantity_given
            else None
        )
    if len(line.candidates) == 1 and says_yes(text):
        return (settled(line, line.candidates[0]),)
    if (at := _ordinal(text, len(line.candidates), language)) is not None:
        return (settled(line, line.candidates[at]),)
    order = read_order(text, language)
    if not order.lines or order.rest:
        return None
    if line.candidates:
        chosen = [_chosen(one, line, language) for one in order.lines]
        if all(chosen):
            return tuple(one for one in chosen if one)
    matched = match_lines(order.lines, items, language)
    if len(matched) != 1 or matched[0].item is None:
        return None
    quantity = matched[0].quantity if order.lines[0].quantity is not None else line.quantity
    return (replace(matched[0], quantity=quantity),)


def _leaves_out(text: str) -> bool:
    tokens = words(text)
    return len(tokens) <= 5 and any(
        word in REMOVE or word in ("fuera", "fora", "leave", "skip", "dejalo", "dejala", "deixa", "omite")
        for word in tokens
    )


def _quantity_of(text: str, item: Item, language: LanguageCode) -> Quantity | None:
    """Parse "3 camisas" where only "3" was asked."""
    order = read_order(text, language)
    if len(order.lines) != 1 or order.lines[0].quantity is None:
        return None
    one = order.lines[0]
    alike = find(one.words, (item,), language).score >= SURE
    return Quantity(one.quantity, one.unit, 0) if alike and one.quantity is not None else None


def _ordinal(text: str, count: int, language: LanguageCode) -> int | None:
    """Return the index of the candidate, of `count`, that "la segunda", "2" or "option two" names."""
    if count < 2:
        return None
    tokens = words(text)
    for word in tokens:
        if word in _LAST and len(tokens) <= 4:
            return count - 1
        if word in _ORDINALS and len(tokens) <= 4 and _ORDINALS[word] < count:
            return _ORDINALS[word]
    quantity = bare_quantity(text, language)
    if quantity is None or quantity.unit or quantity.article or quantity.amount not in range(1, count + 1):
        return None
    return int(quantity.amount) - 1


def _chosen(wanted: RequestedItem, line: Line, language: LanguageCode) -> Line | None:
    """Return the candidate that the words distinguish from the others."""
    scores = [find(wanted.words, (item,), language).score for item in line.candidates]
    best = max(scores)
    if best < 0.3 or scores.count(best) > 1:
        return None
    item = line.candidates[scores.index(best)]
    if wanted.quantity is None or wanted.article:
        return settled(line, item)
    return settled(Line(line.words, wanted.quantity, wanted.unit, None, 1.0), item)
