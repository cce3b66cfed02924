"""Queries of the catalogue page."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.reading import reading
from core.catalog import price_list_import, product_index, products
from core.catalog.price_list_file import Read
from core.catalog.price_list_import import Plan
from core.catalog.products import Listed, Page


def page(words: str, number: int, size: int) -> Page:
    """Return a page of the products that match all words. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return products.listing(session, words, offset=number * size, limit=size)


def everything() -> Sequence[Listed]:
    """Return all products. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return products.every(session)


def currency() -> str:
    """Return the default currency. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return product_index.own_currency(session)


def planned(read: Read) -> Plan:
    """Return the changes an import would make now. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        known = products.every(session)
        return price_list_import.plan(known, read, product_index.own_currency(session))
