"""What a business sells, as its bot reads it: the products on offer, and passages that tell their prices."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ai.knowledge import subject_of
from core.ai.prompt import Passage
from core.ai.text import LanguageCode, guess_language
from core.models import Business, Product
from core.quotes import money

_MOST_KEPT = 64  # catalogues in the memory of a process
_FLOOR = 0.4
_ASKED_SHARE = 0.7  # the rest of a score is how much of the product's name was said
_TYPO_LENGTH = 5  # in shorter words one letter is too much of the meaning
_TYPO_CREDIT = 0.9
_PER: dict[LanguageCode, str] = {"es": "por", "en": "per", "pt": "por"}
_PIECE: dict[LanguageCode, str] = {"es": "unidad", "en": "unit", "pt": "unidade"}


@dataclass(frozen=True, slots=True)
class Item:
    """A product on offer. `price` is for one `unit` (empty: a piece) in `currency`, an ISO 4217 code."""

    id: int
    sku: str
    name: str
    aliases: tuple[str, ...]
    unit: str
    price: Decimal
    currency: str
    description: str = ""

    def __hash__(self) -> int:
        """Whole catalogues are keys of caches: the id is enough to hash, equality looks at all."""
        return hash(self.id)


_CURRENCY = func.coalesce(func.nullif(Business.profile["currency"].astext, ""), Business.currency)
_kept: dict[int, tuple[tuple[UUID, str], tuple[Item, ...]]] = {}


def products_of(session: Session, business_id: int) -> tuple[Item, ...]:
    """What the business offers, by name. It is read again only after a product has changed."""
    version, currency = session.execute(select(Business.catalogue, _CURRENCY).where(Business.id == business_id)).one()
    if version is None:
        return ()
    known = _kept.get(business_id)
    if known is None or known[0] != (version, currency):
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        known = _kept[business_id] = ((version, currency), _read(session, business_id, currency))
    return known[1]


def own_currency(session: Session, business_id: int) -> str:
    """The currency of prices that name none: what the business says of itself, else its account's."""
    currency: str = session.scalars(select(_CURRENCY).where(Business.id == business_id)).one()
    return currency


def _read(session: Session, business_id: int, currency: str) -> tuple[Item, ...]:
    rows = session.execute(
        select(
            Product.id, Product.sku, Product.name, Product.aliases, Product.unit, Product.price, Product.currency,
            Product.description,
        )
        .where(Product.business_id == business_id, Product.active)
        .order_by(Product.name, Product.id)
    )  # fmt: skip
    return tuple(
        Item(row.id, row.sku, row.name, tuple(row.aliases), row.unit, row.price, row.currency or currency,
             row.description)
        for row in rows
    )  # fmt: skip


def passages(items: tuple[Item, ...], question: str, *, limit: int = 4) -> tuple[Passage, ...]:
    """The products that a question names, best first, each as something the bot can cite: "product-7".

    A product is named by its name, an alias or its SKU, in any inflection and with a slip of the finger. Words of the
    question that are not of the product count against it: "¿puedo pagar la camisa con tarjeta?" is no question about
    a shirt.
    """
    asked = subject_of(question)
    if not items or not asked:
        return ()
    index = _index(items)
    meant = _meant(asked, index.vocabulary)
    total = sum(index.weight(key) for key in asked.values())
    scores: dict[int, float] = {}
    for at in {at for key in meant for at in index.named_by.get(key, ())}:
        scores[at] = max(_likeness(index, names, meant, total) for names in index.names[at])
    best = sorted((at for at, score in scores.items() if score >= _FLOOR), key=lambda at: (-scores[at], at))[:limit]
    language = guess_language(question)
    return tuple(_passage(items[at], scores[at], language) for at in best)


@dataclass(frozen=True, slots=True)
class _Index:
    """A catalogue by the stems of its words: `names` are the stems of each item's name, aliases and SKU."""

    names: Sequence[Sequence[frozenset[str]]]
    named_by: Mapping[str, Sequence[int]]
    vocabulary: Mapping[str, str]  # each word as written, folded, and its stem

    def weight(self, key: str) -> float:
        """Rare words tell more than common ones; one that no product has tells as much as the rarest."""
        return math.log(1 + len(self.names) / max(1, len(self.named_by.get(key, ()))))


@lru_cache(maxsize=_MOST_KEPT)
def _index(items: tuple[Item, ...]) -> _Index:
    names: list[list[frozenset[str]]] = []
    vocabulary: dict[str, str] = {}
    named_by: dict[str, list[int]] = defaultdict(list)
    for at, item in enumerate(items):
        known = [found for text in (item.name, *item.aliases, item.sku) if (found := subject_of(text))]
        names.append([frozenset(found.values()) for found in known])
        for key in {key for found in known for key in found.values()}:
            named_by[key].append(at)
        for found in known:
            vocabulary |= found
    return _Index(names, dict(named_by), vocabulary)


def _meant(asked: Mapping[str, str], vocabulary: Mapping[str, str]) -> dict[str, float]:
    """The stems of the catalogue that the words stand for, with the credit each deserves."""
    known = frozenset(vocabulary.values())
    meant = {key: 1.0 for key in asked.values() if key in known}
    long_enough = [word for word in vocabulary if len(word) >= _TYPO_LENGTH]
    for word, key in asked.items():
        if key in known or len(word) < _TYPO_LENGTH or word.isdigit():
            continue
        near = process.extract(word, long_enough, scorer=OSA.distance, score_cutoff=1, limit=3)
        for candidate, _, _ in near:
            meant.setdefault(vocabulary[candidate], _TYPO_CREDIT)
    return meant


def _likeness(index: _Index, name: frozenset[str], meant: Mapping[str, float], total: float) -> float:
    said = sum(meant[key] * index.weight(key) for key in name if key in meant)
    whole = sum(index.weight(key) for key in name)
    return _ASKED_SHARE * min(1.0, said / total) + (1 - _ASKED_SHARE) * said / whole


def _passage(item: Item, score: float, language: LanguageCode) -> Passage:
    label = f"{item.name} ({item.sku})" if item.sku else item.name
    price = money.said(item.price, item.currency, language)
    text = f"{label}: {price} {_PER[language]} {item.unit or _PIECE[language]}"
    if item.description:
        text = f"{text}. {item.description}"
    return Passage(id=f"product-{item.id}", title=item.name, text=text, score=round(score, 4))
