"""Parse an order in Spanish, English or Portuguese without a model: products, quantities and units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import takewhile

from core.catalog.orders.stop_phrases import (
    AFTER_SIZE,
    AND,
    ASKING,
    CHOOSING,
    LEADS,
    OVER,
    PRICES,
    SUGGESTING,
    TAILS,
    WISHES,
)
from core.text.normalize import LanguageCode, Token, guess_language, singular, tokens, words
from core.text.numbers import PIECE, UNITS, Quantity, hour_at, quantity_at
from core.text.stopwords import NEGATIONS


@dataclass(frozen=True, slots=True)
class RequestedItem:
    """One requested product.

    `words` name it as written. `quantity` is None if there was none; `article`: a mere "una". `raw` is the whole text
    with its number, and `joint` the text between it and the previous one: together they may be one name ("pan y queso",
    "iPhone 15"). `stray`: words before any sign of a request.
    """

    words: str
    quantity: Decimal | None
    unit: str = PIECE
    article: bool = False
    raw: str = ""
    joint: str = ""
    stray: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Parsed order. `wish`: it says so ("quiero"). `price`: it asks for the price. `rest`: there is other text."""

    lines: tuple[RequestedItem, ...]
    wish: bool
    price: bool
    rest: bool


NOTHING = Order((), wish=False, price=False, rest=False)

_TIMES = re.compile(r"(?:[x×](\d{1,6})|(\d{1,6})[x×])")
_SENTENCE_ENDS = frozenset(".!?¿¡…")
_BREAKS = frozenset(",;\n+&•*-–—/|·")
_MAX_LENGTH = 4000  # characters: longer than any order, to bound parsing time


def read_order(text: str, language: LanguageCode | None = None) -> Order:
    """Return the lines of an order, as ordered in the text; no lines if it is no order."""
    text = text[:_MAX_LENGTH]
    found = _split(text)
    keys = [token.key for token in found]
    if _is_over(keys):
        return NOTHING
    reader = _Reader(text, found, language or guess_language(text))
    reader.walk()
    present = frozenset(keys)
    return Order(tuple(reader.lines), bool(present & WISHES), bool(present & PRICES), reader.rest)


def _is_over(keys: Sequence[str]) -> bool:
    if any(key in OVER for key in keys):
        return True
    return any(key in NEGATIONS and _wishes_next(keys[at + 1 : at + 4]) for at, key in enumerate(keys))


def _wishes_next(keys: Sequence[str]) -> bool:
    """Return whether a wish follows a "no": "no quiero", "ya no lo necesito". "No, quiero 3" negates something else."""
    for key in keys:
        if key in WISHES:
            return True
        if key in _BREAKS or key in _SENTENCE_ENDS:
            return False
    return False


def _split(text: str) -> list[Token]:
    """Return the tokens of `text` but the hyphens and slashes inside words."""
    return [
        token
        for token in tokens(text)
        if not (token.text in "-/" and text[: token.start][-1:].isalnum() and text[token.end : token.end + 1].isalnum())
    ]


@dataclass(slots=True)
class _Reader:
    """One pass over the tokens; a line is open from its first word or number to the next break."""

    text: str
    tokens: Sequence[Token]
    language: LanguageCode
    lines: list[RequestedItem] = field(default_factory=list)
    rest: bool = False
    _wished: bool = False
    _quantity: Quantity | None = None
    _begins: int = -1  # the first token of the open line, including its number
    _words: list[Token] = field(default_factory=list)
    _closed_at: int = 0

    def walk(self) -> None:
        at = 0
        while at < len(self.tokens):
            at += self._question(at) or self._step(at)
        self._close()

    def _question(self, at: int) -> int:
        """Return the length of a question that starts at `at`; 0 if there is none.

        A question about a price may name an amount, and is an order then.
        """
        if at and self.tokens[at - 1].key not in _SENTENCE_ENDS and self.tokens[at - 1].key != "\n":
            return 0
        sentence = list(takewhile(lambda token: token.key not in _SENTENCE_ENDS, self.tokens[at:]))
        keys = [token.key for token in sentence]
        begins = next((place for place, key in enumerate(keys) if key == "how" or key not in LEADS), len(keys))
        if begins == len(keys) or keys[begins] not in ASKING or not PRICES.isdisjoint(keys[begins + 1 :]):
            return 0
        following = keys[begins + 1 : begins + 13]
        if not following or following[0] in SUGGESTING or quantity_at(following, self.language) is not None:
            return 0
        self._close()
        self.rest = True
        return len(sentence)

    def _step(self, at: int) -> int:
        """Consume the token or tokens at `at`; return their number."""
        token = self.tokens[at]
        if token.key in _SENTENCE_ENDS:
            self._close()
            self._wished = False
            return 1
        if token.text in _BREAKS or (token.key in AND and self._begins >= 0):
            self._close()
            return 1
        if times := self._times(at):
            return self._take(at, *times)
        if not self._glued(at) and not (at and self.tokens[at - 1].key in AFTER_SIZE):
            # "dos" is "of the" in Portuguese, but no text starts with that.
            begins = token.key == "dos" and not self._words and self._quantity is None
            language = "es" if begins else self.language
            quantity = quantity_at([one.key for one in self.tokens[at : at + 12]], language)
            if quantity is not None and (hour := hour_at([one.key for one in self.tokens], at)):
                return hour
            if quantity is not None:
                return self._take(at, quantity, quantity.length)
        if token.text[0].isalnum():
            self._add(at)
        return 1

    def _glued(self, at: int) -> bool:
        """Return whether a hyphen or slash joins the token to the previous one: "CAM-01"."""
        return at > 0 and self.text[self.tokens[at - 1].end : self.tokens[at].start] in ("-", "/")

    def _times(self, at: int) -> tuple[Quantity, int] | None:
        """Parse "x3", "3x", "x 3" and "(3)"."""
        if found := _TIMES.fullmatch(self.tokens[at].key):
            return Quantity(Decimal(found[1] or found[2]), PIECE, 1), 1
        following = self.tokens[at + 1 : at + 3]
        if self.tokens[at].key in ("x", "×", "(", ":") and following and following[0].key.isdigit():
            closes = len(following) > 1 and following[1].key == ")"
            if self.tokens[at].key in ("x", "×") or closes or (self._words and self._ends(at + 2)):
                return Quantity(Decimal(following[0].key[:7]), PIECE, 1), 2 + closes
        return None

    def _ends(self, at: int) -> bool:
        """Return whether a line would end at `at`: only courtesies before the next break."""
        for token in self.tokens[at:]:
            if token.text in _BREAKS or token.key in _SENTENCE_ENDS or token.key in AND:
                return True
            if token.key not in TAILS:
                return False
        return True

    def _counts(self, at: int) -> int:
        """Return how many tokens at `at` form a quantity other than an article; 0 if none."""
        if at >= len(self.tokens):
            return 0
        if times := self._times(at):
            return times[1]
        quantity = quantity_at([one.key for one in self.tokens[at : at + 12]], self.language)
        return 0 if quantity is None or quantity.article else quantity.length

    def _take(self, at: int, quantity: Quantity, length: int) -> int:
        """Consume a quantity: it starts a line, belongs to the previous one, or is part of a name."""
        if self._words:
            after = at + length
            ends, more = self._ends(after), self._counts(after)
            if self._quantity is not None:
                of_name = bool(quantity.unit) or ends or more > 0  # "dos Aurora 2 tres gorras"
            else:
                of_name = more > 0 and self._ends(after + more)  # "Aurora 2 x3"
            if quantity.article or of_name:
                self._words += self.tokens[at:after]
                return length
            if self._quantity is None and (ends or more):
                self._quantity = quantity
                self._close(up_to=after)
                return length
            self.rest = self.rest or self._quantity is None
            self._close(keep=self._quantity is not None)
        elif self._quantity is not None and not self._quantity.article:
            self._words += self.tokens[at : at + length]
            return length
        self._quantity = quantity
        self._begins = at
        self._wished = self._wished or not quantity.article
        return length

    def _add(self, at: int) -> None:
        token = self.tokens[at]
        if not self._words:
            if self._quantity is not None and token.key in ("x", "×"):  # "3 x camisas"
                return
            self._wished = self._wished or token.key in WISHES or token.key in PRICES
            if token.key in LEADS and not (self._quantity and token.key in WISHES):
                return
        if self._begins < 0:
            self._begins = at
        self._words.append(token)

    def _close(self, *, up_to: int | None = None, keep: bool = True) -> None:
        named = list(self._words)
        while named and named[-1].key in TAILS:
            named.pop()
        if named and keep:
            start = self.tokens[self._begins].start
            end = self.tokens[up_to - 1].end if up_to else named[-1].end
            quantity = self._quantity
            self.lines.append(
                RequestedItem(
                    words=self.text[named[0].start : named[-1].end],
                    quantity=quantity.amount if quantity else None,
                    unit=quantity.unit if quantity else PIECE,
                    article=bool(quantity and quantity.article),
                    raw=self.text[start:end],
                    joint=self.text[self._closed_at : start] if self.lines else "",
                    stray=not self._wished and quantity is None,
                )
            )
            self._closed_at = end
        elif self._quantity is not None and not self._quantity.article:
            self.rest = True  # a number without a product
        self._quantity, self._begins, self._words = None, -1, []


def plural(name: str) -> bool:
    """Return whether the named product is plural, by its first word that is no article."""
    nouns = [word for word in words(name) if word not in LEADS and word not in UNITS]
    return bool(nouns) and singular(nouns[0]) != nouns[0]


def bare_quantity(text: str, language: LanguageCode) -> Quantity | None:
    """Return the quantity that is all a text says but for courtesies: "3", "que sean tres", "2 kilos por favor"."""
    found = [token for token in _split(text[:_MAX_LENGTH]) if token.text not in _BREAKS]
    keys = [token.key for token in found if token.key not in _SENTENCE_ENDS]
    for at, key in enumerate(keys):
        quantity = quantity_at(keys[at:], language)
        if quantity is not None and not (quantity.article and at + 1 < len(keys)):
            return quantity if all(one in TAILS or one in LEADS for one in keys[at + quantity.length :]) else None
        if key not in LEADS and key not in AFTER_SIZE and key not in CHOOSING:
            return None
    return None
