"""Commands of the catalogue page. Managers and administrators only."""

from __future__ import annotations

from console import auth
from console.db import transaction
from console.writing import as_manager
from core.catalog import price_list_import, product_index, products
from core.catalog.price_list_file import Read
from core.catalog.price_list_import import Plan
from core.catalog.products import Facts


def save(facts: Facts, product_id: int | None) -> None:
    """Create or update a product. Raises `NotAllowed` and the errors of `products.save`."""
    as_manager(products.save, facts, product_id)


def remove(product_id: int) -> None:
    """Delete a product. Raises `NotAllowed`."""
    as_manager(products.remove, [product_id])


def offer(product_id: int, *, active: bool) -> None:
    """Put a product on sale, or take it off. Raises `NotAllowed`."""
    as_manager(products.offer, [product_id], active=active)


def take(read: Read) -> Plan:
    """Import a price list. Return counts of the changes. Raises `NotAllowed` and `Conflict`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        own = product_index.own_currency(session)
        return price_list_import.take(session, read, own)
