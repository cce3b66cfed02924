"""Import a price list: compare it with the catalogue, and apply it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.catalog import products
from core.catalog.price_list_file import Read
from core.catalog.products import MAX_PRODUCTS, Facts, Listed
from core.models import Product
from core.platform.db import business_of
from core.platform.errors import Conflict


@dataclass(frozen=True, slots=True)
class Change:
    """A product that an import updates."""

    id: int
    before: Facts
    after: Facts


@dataclass(frozen=True, slots=True)
class Plan:
    """Effect of an import. Products missing in the list stay unchanged."""

    added: Sequence[Facts]
    changed: Sequence[Change]
    unchanged: int


def plan(known: Sequence[Listed], read: Read, own_currency: str) -> Plan:
    """Compare a list with the current products.

    Products match by SKU; a line without a SKU, or whose SKU is new, matches by name. The business's own currency is
    stored as none, so that prices follow when it changes.
    """
    by_sku = {one.facts.sku.casefold(): one for one in known if one.facts.sku}
    listed = {one.sku.casefold() for one in read.products if one.sku}
    by_name = _by_name(one for one in known if one.facts.sku.casefold() not in listed - {""})
    added: list[Facts] = []
    changed: list[Change] = []
    for line in read.products:
        facts = replace(line, currency="") if line.currency == own_currency else line
        one = by_sku.get(facts.sku.casefold()) or _named(by_name, facts)
        if one is None:
            added.append(facts)
        elif (after := _merged(one.facts, facts, read.columns)) != one.facts:
            changed.append(Change(one.id, one.facts, after))
    return Plan(added, changed, len(read.products) - len(added) - len(changed))


def take(session: Session, read: Read, own_currency: str) -> Plan:
    """Import a list and return its effect. Raises `Conflict`."""
    products.touch(session)  # first: lock, so that no product changes between comparison and writing
    listed = products.every(session)
    made = plan(listed, read, own_currency)
    if len(listed) + len(made.added) > MAX_PRODUCTS:
        raise Conflict("too_many_products", f"A catalogue holds {MAX_PRODUCTS} products at most.")
    if made.changed:
        now = datetime.now(UTC)
        session.execute(
            update(Product), [{"id": one.id, "updated_at": now, **products.columns(one.after)} for one in made.changed]
        )
    if made.added:
        session.execute(
            insert(Product), [{"business_id": business_of(session), **products.columns(one)} for one in made.added]
        )
    audit_log.record(
        session, "product.import", "products",
        added=len(made.added), changed=len(made.changed), unchanged=made.unchanged,
    )  # fmt: skip
    return made


def _by_name(known: Iterable[Listed]) -> dict[str, list[Listed]]:
    """Group products by name, those without a SKU first."""
    found: dict[str, list[Listed]] = defaultdict(list)
    for one in sorted(known, key=lambda one: bool(one.facts.sku)):
        found[one.facts.name.casefold()].append(one)
    return found


def _named(by_name: dict[str, list[Listed]], facts: Facts) -> Listed | None:
    """Return the one product that a line matches by name.

    A line with a SKU of its own never replaces another's product.
    """
    same = by_name.get(facts.name.casefold(), [])
    if facts.sku:
        same = [one for one in same if not one.facts.sku]
    elif same and not same[0].facts.sku:
        same = same[:1]
    return by_name[facts.name.casefold()].pop(0) if len(same) == 1 else None


def _merged(before: Facts, listed: Facts, columns: frozenset[str]) -> Facts:
    values = {field.name: getattr(listed, field.name) for field in fields(Facts) if field.name in columns}
    if not listed.sku:
        values.pop("sku", None)
    return replace(before, **values)
