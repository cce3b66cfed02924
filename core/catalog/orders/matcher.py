"""Match a customer's words to products, with a confidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.catalog.orders.parser import RequestedItem, plural
from core.catalog.product_index import Item, bare, content, index_of
from core.text.matching import share
from core.text.normalize import LanguageCode, stem, words
from core.text.numbers import DOZEN, LARGEST, PAIR, PIECE, convert, unit_named

SURE = 0.7
POSSIBLE = 0.45  # from here on "do you mean …?" is worth asking
MAX_CANDIDATES = 3
_TIE = 0.05  # a smaller lead is a tie
_HEAD = 2.0  # the noun has twice the weight of its adjectives
_VESSEL = 0.3  # "una caja de tornillos" is mainly about screws
# Products sold by the piece are not divided; a dozen at most in halves.
_THOUSANDTH = Decimal("0.001")  # the smallest weight or measure
_SMALLEST = {PIECE: Decimal(1), PAIR: Decimal(1), DOZEN: Decimal("0.5")}

_VESSELS = frozenset(
    map(
        stem,
        words(
            "caja cajas paquete paquetes bolsa bolsas botella botellas lata latas frasco frascos unidad unidades pieza "
            "piezas box boxes pack packs packet bag bags bottle bottles can cans jar jars unit units piece pieces "
            "caixa caixas pacote pacotes saco sacos garrafa garrafas unidade unidades peca pecas"
        ),
    )
)
# Sold in pairs: "un par de zapatos" is one of what the catalogue calls shoes, "un par de camisas" are two shirts.
_PAIRED = frozenset(
    map(
        stem,
        words(
            "zapatos zapatillas tenis botas botines sandalias chanclas medias calcetines guantes aretes pendientes "
            "gafas lentes anteojos zuecos alpargatas mocasines pantuflas "
            "shoes sneakers trainers boots sandals socks gloves earrings glasses slippers loafers heels "
            "sapatos sapatilhas meias luvas brincos oculos chinelos sandalias"
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a quote.

    Clear: `item` and `quantity` are set. Otherwise the customer is asked: with `candidates` which of these is meant (or
    whether the one is), with an `item` alone how many; with neither the product is unknown. `quantity` counts the
    item's own unit once there is an item, `unit` until then. `confidence` is 0 to 1.
    """

    words: str
    quantity: Decimal | None
    unit: str
    item: Item | None
    confidence: float
    candidates: tuple[Item, ...] = ()

    @property
    def sure(self) -> bool:
        return self.item is not None and self.quantity is not None


@dataclass(frozen=True, slots=True)
class Found:
    """The products that words may mean, best first, with the score of the first. Several: a tie."""

    items: tuple[Item, ...]
    score: float


def match_lines(wanted: Sequence[RequestedItem], items: tuple[Item, ...], language: LanguageCode) -> tuple[Line, ...]:
    """Match each requested item to a line. Two that form one name together ("pan y queso") become one."""
    lines: list[Line] = []
    before: RequestedItem | None = None
    for one in wanted:
        whole = _whole(before, one, items, language)
        if whole is not None:
            lines[-1] = whole
            continue
        lines.append(line_of(one, items, language))
        before = one
    return tuple(lines)


def _whole(
    before: RequestedItem | None, one: RequestedItem, items: tuple[Item, ...], language: LanguageCode
) -> Line | None:
    if before is None or "\n" in one.joint:
        return None
    joined = RequestedItem(f"{before.words}{one.joint}{one.raw}", before.quantity, before.unit, before.article)
    exact = _exact(joined.words, items)
    return _settle(joined, exact, 1.0) if exact else None


def line_of(wanted: RequestedItem, items: tuple[Item, ...], language: LanguageCode) -> Line:
    """Match one requested item."""
    if (numbered := _numbered(wanted, items, language)) is not None:
        return numbered
    found = find(wanted.words, items, language)
    if len(found.items) == 1 and found.score >= SURE:
        return _settle(wanted, found.items[0], found.score)
    confidence = min(found.score, 0.5) if len(found.items) > 1 else found.score
    return Line(wanted.words, _counted(wanted), wanted.unit, None, round(confidence, 2), found.items)


def _numbered(wanted: RequestedItem, items: tuple[Item, ...], language: LanguageCode) -> Line | None:
    """Match a line whose trailing quantity is part of the name: "iPhone 15"; "Aurora 3" where there are several."""
    if wanted.quantity is None or not wanted.raw.startswith(wanted.words):
        return None
    if item := _exact(wanted.raw, items):
        return _settle(RequestedItem(wanted.raw, None), item, 1.0)
    several = len(find(wanted.words, items, language).items) > 1
    whole = find(wanted.raw, items, language)
    if several and len(whole.items) == 1 and whole.score >= SURE:
        return _settle(RequestedItem(wanted.raw, None), whole.items[0], whole.score)
    return None


def settled(line: Line, item: Item) -> Line:
    """Complete a line with the product that the customer chose."""
    amount = _in_unit_of(item, line.quantity, line.unit, line.words)
    return Line(line.words, amount, line.unit, item, 1.0)


def _settle(wanted: RequestedItem, item: Item, score: float) -> Line:
    amount = _in_unit_of(item, _counted(wanted), wanted.unit, wanted.words)
    return Line(wanted.words, amount, wanted.unit, item, round(score, 2))


_REFUSED_NUMBER = re.compile(r"\W*(?:\d[\d.,]*|cero|zero)\s+[^\W\d]", re.I)


def _counted(wanted: RequestedItem) -> Decimal | None:
    """Return the quantity; "una camisa" and "camisa" are one.

    None, to be asked, for "camisas" and for zero or absurd numbers, which the parser leaves among the words
    ("0 gorras").
    """
    if wanted.quantity is None:
        return None if plural(wanted.words) or _REFUSED_NUMBER.match(wanted.words) else Decimal(1)
    return wanted.quantity if 0 < wanted.quantity < LARGEST else None


def _in_unit_of(item: Item, quantity: Decimal | None, unit: str, text: str) -> Decimal | None:
    """Convert to the item's unit; None when it has to be asked: half a kilo of what is sold by the piece."""
    sold_in = unit_named(item.unit) or PIECE
    if quantity is None:
        return None
    two_are_one = unit == PAIR and any(stem(word) in _PAIRED for word in words(f"{item.name} {text}"))
    if unit == sold_in or two_are_one or (unit == PIECE and sold_in != DOZEN):
        converted: Decimal | None = quantity
    elif unit == DOZEN and sold_in == PAIR:
        converted = quantity * 12  # "media docena de medias" are six pairs: single socks are not sold
    else:
        converted = convert(quantity, unit, sold_in)
    if converted is None or (rounded := converted.quantize(_THOUSANDTH)) <= 0:
        return None
    step = _SMALLEST.get(sold_in)
    return rounded.normalize() if step is None or converted % step == 0 else None


def find(text: str, items: tuple[Item, ...], language: LanguageCode) -> Found:
    """Return the products that `text` may mean, above a floor: "bicicleta" finds no "camiseta"."""
    tokens = content(text)
    if not items or not tokens:
        return Found((), 0.0)
    if item := _exact(text, items):
        return Found((item,), 1.0)
    index = index_of(items)
    scores: dict[int, float] = {}
    for match in index.words.matches(tokens):
        name, at = index.words.texts[match.position], index.items[match.position]
        score = share(match.asked, match.asked, _weights(match.asked, language))
        score *= 0.8 + 0.2 * share(match.covered, name, _weights(name, language))
        scores[at] = max(score, scores.get(at, 0.0))
    best = max(scores.values(), default=0.0)
    if best < POSSIBLE:
        return Found((), round(best, 2))
    near = sorted((at for at, score in scores.items() if score > best - _TIE), key=lambda at: (-scores[at], at))
    return Found(tuple(items[at] for at in near[:MAX_CANDIDATES]), best)


def _weights(named: Iterable[str], language: LanguageCode) -> Callable[[str], float]:
    """Return the weight of each word of a name. English puts the noun last: "red shirt"."""
    nouns = [word for word in named if stem(word) not in _VESSELS and not word.isdigit()]
    head = (nouns[-1] if language == "en" else nouns[0]) if nouns else None
    return lambda word: _HEAD if word == head else _VESSEL if stem(word) in _VESSELS else 1.0


def _exact(text: str, items: tuple[Item, ...]) -> Item | None:
    """Return the one product with exactly this name or SKU."""
    if not items:
        return None
    positions = index_of(items).exact.get(bare(text), ())
    return items[positions[0]] if len(positions) == 1 else None
