"""Match a customer's words to products, with a confidence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.catalog.orders.parser import RequestedItem, plural
from core.catalog.product_index import Item
from core.text.normalize import LanguageCode, fold, stem, words
from core.text.numbers import DOZEN, LARGEST, PAIR, PIECE, convert, unit_named
from core.text.stopwords import PARTICLES

SURE = 0.7
POSSIBLE = 0.45  # from here on "do you mean …?" is worth asking
MAX_CANDIDATES = 3
_TIE = 0.05  # a smaller lead is a tie
_HEAD = 2.0  # the noun has twice the weight of its adjectives
_VESSEL = 0.3  # "una caja de tornillos" is mainly about screws
_MAX_CACHED = 64
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
# "Té" is no pronoun among goods.
_EMPTY = PARTICLES - {"te"} | frozenset(words("talla talle color tamano cor tamanho numero size colour es son"))
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
    tokens = _content(text)
    if not items or not tokens:
        return Found((), 0.0)
    if item := _exact(text, items):
        return Found((item,), 1.0)
    index = _index(items)
    meant = [_meanings(word, index) for word in tokens]
    weights = _weights(tokens, language)
    at_all = {at for meanings in meant for word in meanings for at in index.by_word.get(word, ())}
    scores = {at: max(_similarity(name, meant, weights, language) for name in index.names[at]) for at in at_all}
    best = max(scores.values(), default=0.0)
    if best < POSSIBLE:
        return Found((), round(best, 2))
    near = sorted((at for at, score in scores.items() if score > best - _TIE), key=lambda at: (-scores[at], at))
    return Found(tuple(items[at] for at in near[:MAX_CANDIDATES]), best)


def _similarity(
    name: Sequence[str], meant: Sequence[Mapping[str, float]], weights: Sequence[float], language: LanguageCode
) -> float:
    """Score how much of the request is in the name, and a little how much of the name was requested."""
    name_words = frozenset(name)
    credits = [
        max((credit for word, credit in meanings.items() if word in name_words), default=0.0) for meanings in meant
    ]
    score = sum(weight * credit for weight, credit in zip(weights, credits, strict=True)) / sum(weights)
    covered = {word for meanings in meant for word in meanings if word in name_words}
    parts = _weights(name, language)
    whole = sum(part for part, word in zip(parts, name, strict=True) if word in covered) / sum(parts)
    return score * (0.8 + 0.2 * whole)


def _weights(named: Sequence[str], language: LanguageCode) -> list[float]:
    vessels = [stem(word) in _VESSELS for word in named]
    nouns = [at for at, vessel in enumerate(vessels) if not vessel and not named[at].isdigit()]
    # English puts the noun last: "red shirt".
    head = (nouns[-1] if language == "en" else nouns[0]) if nouns else None
    return [_HEAD if at == head else _VESSEL if vessel else 1.0 for at, vessel in enumerate(vessels)]


def _meanings(word: str, index: _Index) -> dict[str, float]:
    """Return the words of the catalogue that a word may stand for, with their weights."""
    alike = {word: 1.0} if word in index.by_word else {}
    for other in index.by_stem.get(stem(_singular(word)), ()):
        alike.setdefault(other, 1.0 if _singular(word) == _singular(other) else 0.9)
    if alike or len(word) < 4 or word.isdigit():
        return alike
    for other, distance, _ in process.extract(word, index.long, scorer=OSA.distance, score_cutoff=2, limit=5):
        alike[other] = _typo(word, other, int(distance))
    return {other: credit for other, credit in alike.items() if credit}


def _typo(word: str, other: str, distance: int) -> float:
    """Return the weight of a typo. Two letters off a short word are another word: camisa, camiseta."""
    longest = max(len(word), len(other))
    # The plural of a typo counts its "s" only once: "camizas" for "camisa".
    if distance == 2 and _singular(word) != word and OSA.distance(_singular(word), _singular(other)) == 1:
        distance, longest = 1, max(len(_singular(word)), len(_singular(other)))
    if distance == 1:
        return 0.9 if longest >= 6 else 0.6
    return 0.8 if longest >= 9 and abs(len(word) - len(other)) <= 1 else 0.0


def _singular(word: str) -> str:
    if word.endswith(("aes", "oes")) and len(word) > 3:  # pães, botões
        return f"{word[:-3]}ao"
    if word.endswith(("ais", "eis")) and len(word) > 4:  # jornais, papéis
        return f"{word[:-2]}l"
    if word.endswith("sses"):  # presses, as the last "s" of press goes too
        return word[:-3]
    if len(word) > 4 and word.endswith("es") and word[-3] not in "aeiouckgst":
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _content(text: str) -> list[str]:
    tokens = words(text)
    return [word for word in tokens if word not in _EMPTY] or tokens


@dataclass(frozen=True, slots=True)
class _Index:
    """Word index of a catalogue. `names` are the words of each item's name and aliases."""

    names: Sequence[Sequence[Sequence[str]]]
    by_word: Mapping[str, Sequence[int]]
    by_stem: Mapping[str, Sequence[str]]
    long: Sequence[str]
    exact: Mapping[str, Sequence[int]]  # names, aliases and SKUs without spaces or punctuation


@lru_cache(maxsize=_MAX_CACHED)
def _index(items: tuple[Item, ...]) -> _Index:
    by_word: dict[str, set[int]] = defaultdict(set)
    by_stem: dict[str, list[str]] = defaultdict(list)
    exact: dict[str, set[int]] = defaultdict(set)
    names: list[list[list[str]]] = []
    for at, item in enumerate(items):
        called = [_content(name) for name in (item.name, *item.aliases)]
        names.append([name for name in called if name])
        for word in dict.fromkeys(word for name in called for word in name):
            by_word[word].add(at)
            by_stem[stem(_singular(word))].append(word)
        for name in (item.name, *item.aliases, item.sku):
            if key := _bare(name):
                exact[key].add(at)
    return _Index(names, _listed(by_word), by_stem, [word for word in by_word if len(word) > 3], _listed(exact))


def _exact(text: str, items: tuple[Item, ...]) -> Item | None:
    """Return the one product with exactly this name or SKU."""
    if not items:
        return None
    positions = _index(items).exact.get(_bare(text), ())
    return items[positions[0]] if len(positions) == 1 else None


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", fold(name))


def _listed(places: Mapping[str, Iterable[int]]) -> dict[str, list[int]]:
    return {key: sorted(values) for key, values in places.items()}
