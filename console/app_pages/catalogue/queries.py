"""What the catalogue's page reads."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.reading import reading
from core.catalog import price_list_import, product_index, products
from core.catalog.price_list_file import Read
from core.catalog.price_list_import import Plan
from core.catalog.products import Listed, Page


def page(words: str, number: int, size: int) -> Page:
    """The products with all of the words, a page of them. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return products.listing(session, agent.business_id, words, offset=number * size, limit=size)


def everything() -> Sequence[Listed]:
    """All products. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return products.every(session, agent.business_id)


def currency() -> str:
    """The currency of prices that name none. Raises `NotAllowed`."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return product_index.own_currency(session, agent.business_id)


def planned(read: Read) -> Plan:
    """What taking a list over would do now. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        known = products.every(session, agent.business_id)
        return price_list_import.plan(known, read, product_index.own_currency(session, agent.business_id))
