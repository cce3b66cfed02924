"""The sandbox's shop has products."""

from __future__ import annotations

from core.catalog import product_index, products
from core.cli import demo_business
from core.platform.db import transaction
from core.platform.scope import Actor, Scope


def test_the_shop_is_stocked_once(business) -> None:
    def stock() -> None:
        with transaction(business.business_id) as session:
            demo_business.stock(session)

    stock()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        items = product_index.products_of(session)
        assert len(items) >= 5
        assert product_index.passages(items, "How much are the leather shoes?")[0].title == "Zapatos de cuero"
        products.remove(session, [one.id for one in items])
    stock()
    with transaction(business.business_id) as session:
        assert product_index.products_of(session) == ()
