"""Read and edit the products of a business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Business, Product
from core.platform.db import business_of
from core.platform.errors import BotHubError, Conflict, NotFound
from core.text import prices
from core.text.normalize import fold

MAX_PRODUCTS = 20_000
MAX_ALIASES = 20
LONGEST = {"sku": 64, "name": 200, "description": 1000, "unit": 30, "alias": 100}  # characters
_ACCENTED, _PLAIN = "áàâãäéèêëíìîïóòôõöúùûüñç", "aaaaaeeeeiiiiooooouuuunc"


class UnacceptableProduct(BotHubError):
    """`reason` is "no_name", "too_long", "price" or "currency"."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This product cannot be saved: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Facts:
    """Fields of a product: see `core.models.Product`."""

    name: str
    price: Decimal
    sku: str = ""
    description: str = ""
    unit: str = ""
    currency: str = ""
    aliases: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """A product as stored."""

    id: int
    facts: Facts
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter of products: with all of the `words`, with this SKU, on offer or not. None matches any."""

    words: str = ""
    sku: str | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of products by name, `total` match the filter; the business has `known` in all."""

    products: Sequence[Listed]
    total: int
    known: int


def checked(facts: Facts) -> Facts:
    """Normalise and validate the facts. Raises `UnacceptableProduct`."""
    aliases = tuple(dict.fromkeys(alias for one in facts.aliases if (alias := _line(one))))
    cleaned = replace(
        facts, name=_line(facts.name), sku=_line(facts.sku), unit=_line(facts.unit), aliases=aliases,
        description=facts.description.replace("\0", "").strip(), currency=facts.currency.strip().upper(),
    )  # fmt: skip
    if not cleaned.name:
        raise UnacceptableProduct("no_name")
    if any(len(getattr(cleaned, name)) > LONGEST[name] for name in ("sku", "name", "description", "unit")):
        raise UnacceptableProduct("too_long")
    if len(aliases) > MAX_ALIASES or any(len(alias) > LONGEST["alias"] for alias in aliases):
        raise UnacceptableProduct("too_long")
    if not cleaned.price.is_finite() or not 0 <= cleaned.price <= prices.HIGHEST:
        raise UnacceptableProduct("price")
    if cleaned.currency and cleaned.currency not in prices.codes():
        raise UnacceptableProduct("currency")
    return replace(cleaned, price=cleaned.price.quantize(prices.SMALLEST))


def listing(session: Session, words: str = "", *, offset: int = 0, limit: int = 50) -> Page:
    """Return the products whose name, SKU or aliases have all of the words, ignoring accents, by name."""
    named = [_says(word) for word in fold(words).split()]
    count = session.scalar(select(func.count()).select_from(Product)) or 0
    total = session.scalar(select(func.count()).select_from(Product).where(*named)) or 0
    matching = _read(session, select(Product).where(*named).offset(offset).limit(limit))
    return Page(matching, total, count)


def in_order(session: Session, wanted: Filter, *, after: int | None = None, limit: int = 50) -> list[Listed]:
    """Return products by id, the order of creation; `after` is the last id of the previous page."""
    chosen = select(Product).where(*(_says(word) for word in fold(wanted.words).split()))
    if wanted.sku is not None:
        chosen = chosen.where(Product.sku == wanted.sku)
    if wanted.active is not None:
        chosen = chosen.where(Product.active == wanted.active)
    if after is not None:
        chosen = chosen.where(Product.id > after)
    return [_listed(row) for row in session.scalars(chosen.order_by(Product.id).limit(limit))]


def one(session: Session, product_id: int) -> Listed:
    """Return a product by its id. Raises `NotFound`."""
    row = session.get(Product, product_id)
    if row is None:
        raise NotFound(f"No product {product_id}.")
    return _listed(row)


def every(session: Session) -> list[Listed]:
    """Return all products of the business by name, on offer or not."""
    return _read(session, select(Product))


def touch(session: Session) -> None:
    """Give the catalogue a new version. Locks it against other changes until the transaction ends."""
    session.execute(
        update(Business).where(Business.id == business_of(session)).values(catalog_version=func.gen_random_uuid())
    )


def save(session: Session, facts: Facts, product_id: int | None = None) -> int:
    """Add a product, or replace the facts of one. Return its id.

    Raises:
        UnacceptableProduct: the facts are invalid.
        Conflict: another one has its SKU or name.
        Conflict: the catalogue is full.
        NotFound: the product to change does not exist.
    """
    cleaned = checked(facts)
    touch(session)
    if product_id is None and room(session) < 1:
        raise Conflict("too_many_products", f"A catalogue holds {MAX_PRODUCTS} products at most.")
    try:
        with session.begin_nested():
            saved = _write(session, cleaned, product_id)
    except IntegrityError:
        raise Conflict("product_exists", "Another product has this SKU, or this name and no SKU.") from None
    if saved is None:
        raise NotFound("This product is gone.")
    audit_log.record(session, "product.save", f"product:{saved}", name=cleaned.name, price=str(cleaned.price))
    return saved


def room(session: Session) -> int:
    """Return how many products can still be added."""
    count = session.scalar(select(func.count()).select_from(Product))
    return MAX_PRODUCTS - (count or 0)


def remove(session: Session, ids: Sequence[int]) -> int:
    """Delete products. Quotes keep their copies of them. Return how many were deleted."""
    touch(session)
    gone = delete(Product).where(Product.id.in_(ids))
    removed = session.execute(gone.returning(Product.id, Product.name)).all()
    for row in removed:
        audit_log.record(session, "product.remove", f"product:{row.id}", name=row.name)
    return len(removed)


def offer(session: Session, ids: Sequence[int], *, active: bool) -> int:
    """Set whether products are on offer. Return how many changed."""
    touch(session)
    changed = session.scalars(
        update(Product)
        .where(Product.id.in_(ids), Product.active != active)
        .values(active=active, updated_at=func.now())
        .returning(Product.id)
    ).all()
    for one in changed:
        audit_log.record(session, "product.offer", f"product:{one}", active=active)
    return len(changed)


def columns(facts: Facts) -> dict[str, object]:
    """Return the facts as column values."""
    return {name: getattr(facts, name) for name in Facts.__slots__} | {"aliases": list(facts.aliases)}


def _write(session: Session, facts: Facts, product_id: int | None) -> int | None:
    values = columns(facts)
    if product_id is None:
        return session.scalar(insert(Product).values(**values).returning(Product.id))
    return session.scalar(
        update(Product).where(Product.id == product_id).values(**values, updated_at=func.now()).returning(Product.id)
    )


def _says(word: str) -> ColumnElement[bool]:
    columns = (Product.name, Product.sku, func.array_to_string(Product.aliases, " "))
    return or_(
        *(func.translate(func.lower(column), _ACCENTED, _PLAIN).contains(word, autoescape=True) for column in columns)
    )


def _read(session: Session, query: Select[Product]) -> list[Listed]:
    return [_listed(row) for row in session.scalars(query.order_by(func.lower(Product.name), Product.id))]


def _listed(row: Product) -> Listed:
    facts = Facts(row.name, row.price, row.sku, row.description, row.unit, row.currency, tuple(row.aliases), row.active)
    return Listed(row.id, facts, row.updated_at)


def _line(words: str) -> str:
    return " ".join(words.replace("\0", "").split())
