"""Search index of the products on offer, and passages with their prices for the bot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bots.approved_answers import asks_price, subject_of
from core.models import Business, Product
from core.platform.db import business_of
from core.text import money
from core.text.matching import SAME_MEANING, Index, share
from core.text.normalize import LanguageCode, guess_language, singular, words
from core.text.numbers import unit_label
from core.text.stopwords import PARTICLES
from core.types import Passage

_MAX_CACHED = 64  # catalogues cached in a process
_FEW = 20
_FLOOR = 0.4
_ASKED_SHARE = 0.7  # the rest of a score is the share of the product's name in the question
_LEAD = 0.1  # lead of the best product over the next for its price to be certain
# "Té" is no pronoun among goods.
_EMPTY = PARTICLES - {"te"} | frozenset(words("talla talle color tamano cor tamanho numero size colour es son"))
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
        """Hash the id alone, which is enough for whole catalogues as cache keys; equality compares all fields."""
        return hash(self.id)


_CURRENCY = func.coalesce(func.nullif(Business.profile["currency"].astext, ""), Business.currency)
_cache: dict[int, tuple[tuple[UUID, str], tuple[Item, ...]]] = {}


def products_of(session: Session) -> tuple[Item, ...]:
    """Return the products on offer, by name."""
    own = select(Business.catalog_version, _CURRENCY).where(Business.id == business_of(session))
    version, currency = session.execute(own).one()
    return () if version is None else products_at(session, version, currency)


def products_at(session: Session, version: UUID, currency: str) -> tuple[Item, ...]:
    """Return the products of the current version of the catalogue. A process reads each version once."""
    business_id = business_of(session)
    cached = _cache.get(business_id)
    if cached is None or cached[0] != (version, currency):
        if len(_cache) >= _MAX_CACHED:
            _cache.clear()
        cached = _cache[business_id] = ((version, currency), _read(session, currency))
    return cached[1]


def own_currency(session: Session) -> str:
    """Return the currency of prices that name none: the business's setting, else its account's."""
    currency: str = session.scalars(select(_CURRENCY).where(Business.id == business_of(session))).one()
    return currency


def _read(session: Session, currency: str) -> tuple[Item, ...]:
    rows = session.execute(
        select(
            Product.id, Product.sku, Product.name, Product.aliases, Product.unit, Product.price, Product.currency,
            Product.description,
        )
        .where(Product.active)
        .order_by(Product.name, Product.id)
    )  # fmt: skip
    return tuple(
        Item(row.id, row.sku, row.name, tuple(row.aliases), row.unit, row.price, row.currency or currency,
             row.description)
        for row in rows
    )  # fmt: skip


def passages(items: tuple[Item, ...], question: str, *, limit: int = 4) -> tuple[Passage, ...]:
    """Return the products that a question names, best first, each as a source that the bot can cite: "product-7".

    A product matches by its name, an alias or its SKU, in any inflection and with a typo. Words of the question that
    are not of the product count against it: "¿puedo pagar la camisa con tarjeta?" is no question about a shirt.
    """
    fits = [fit for fit in _fits(items, question) if fit.score >= _FLOOR]
    language = guess_language(question)
    return tuple(_passage(items[fit.at], fit.score, language) for fit in fits[:limit])


def sure_price(items: tuple[Item, ...], question: str) -> Passage | None:
    """Return the price of the one product that a question asks for, if every word of it matches that product."""
    if not asks_price(question):
        return None
    best, *rivals = _fits(items, question) or [_NO_FIT]
    if not best.sure or (rivals and best.score - rivals[0].score < _LEAD):
        return None
    return _passage(items[best.at], best.score, guess_language(question))


@dataclass(frozen=True, slots=True)
class CatalogIndex:
    """A catalogue by the words of its names, aliases and SKUs.

    `items` has the position of the item of each text in `words`, `exact` those of each name without spaces or marks.
    """

    words: Index
    items: Sequence[int]
    exact: Mapping[str, Sequence[int]]


def index_of(items: tuple[Item, ...]) -> CatalogIndex:
    """Return the index of these products. Few have a cache of their own: those of quotes displace no catalogue."""
    return (_index_of_few if len(items) <= _FEW else _index_of_many)(items)


def _indexed(items: tuple[Item, ...]) -> CatalogIndex:
    names = [(at, name) for at, item in enumerate(items) for name in (item.name, *item.aliases, item.sku) if name]
    exact: defaultdict[str, list[int]] = defaultdict(list)
    for at, name in names:
        if at not in exact[bare(name)]:
            exact[bare(name)].append(at)
    return CatalogIndex(Index((content(name) for _, name in names), singular), [at for at, _ in names], exact)


_index_of_few = lru_cache(maxsize=1024)(_indexed)
_index_of_many = lru_cache(maxsize=_MAX_CACHED)(_indexed)


def content(text: str) -> list[str]:
    """Return the words of a product's name that distinguish it; all of them if none does."""
    found = words(text)
    return [word for word in found if word not in _EMPTY] or found


def bare(name: str) -> str:
    """Return a name without spaces, marks and accents."""
    return "".join(words(name))


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well the item at a position fits a question, 0 to 1, and whether all its words match for certain."""

    at: int
    score: float
    sure: bool


_NO_FIT = _Fit(-1, 0.0, False)


def _fits(items: tuple[Item, ...], question: str) -> list[_Fit]:
    """Return the items that match at all, best first."""
    index = index_of(items)
    best: dict[int, _Fit] = {}
    for match in index.words.matches(subject_of(question)):
        at, rarity = index.items[match.position], index.words.rarity
        score = _ASKED_SHARE * share(match.asked, match.asked, rarity)
        score += (1 - _ASKED_SHARE) * share(match.covered, index.words.texts[match.position], rarity)
        best[at] = max(best.get(at, _NO_FIT), _Fit(at, score, match.weakest >= SAME_MEANING), key=_score)
    return sorted(best.values(), key=lambda fit: (-fit.score, fit.at))


def _score(fit: _Fit) -> float:
    return fit.score


def _passage(item: Item, score: float, language: LanguageCode) -> Passage:
    label = f"{item.name} ({item.sku})" if item.sku else item.name
    price = money.format_amount(item.price, item.currency, language)
    text = f"{label}: {price} {_PER[language]} {unit_label(item.unit, language) or _PIECE[language]}"
    if item.description:
        text = f"{text}. {item.description}"
    return Passage(id=f"product-{item.id}", title=item.name, text=text, score=round(score, 4))
