"""What people change about the catalogue. Managers and administrators only."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.catalog import price_list_import, product_index, products
from core.catalog.price_list_file import Read
from core.catalog.price_list_import import Plan
from core.catalog.products import Facts


def save(facts: Facts, product_id: int | None) -> None:
    """Add a product, or change one. Raises `NotAllowed` and what `products.save` does."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.business_id) as session:
        products.save(session, agent.business_id, f"agent:{agent.id}", facts, product_id)


def remove(product_id: int) -> None:
    """Forget a product. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.business_id) as session:
        products.remove(session, agent.business_id, f"agent:{agent.id}", [product_id])


def offer(product_id: int, active: bool) -> None:
    """Offer a product, or no longer. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.business_id) as session:
        products.offer(session, agent.business_id, f"agent:{agent.id}", [product_id], active=active)


def take(read: Read) -> Plan:
    """Take a price list over; says what that did. Raises `NotAllowed` and `TooManyProducts`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.business_id) as session:
        own = product_index.own_currency(session, agent.business_id)
        return price_list_import.take(session, agent.business_id, f"agent:{agent.id}", read, own)
