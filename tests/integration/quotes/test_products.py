"""Editing the catalogue, and importing price lists."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from core.catalog import price_list_file, price_list_import, product_index, products
from core.catalog.products import Facts, UnacceptableProduct
from core.models import Business
from core.platform.db import transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.refusals import refused

SHIRT = Facts("Camisa azul", Decimal(25), sku="CAM-01", aliases=("blusa",), description="De lino")
CAP = Facts("Gorra", Decimal("9.9"))


def save(business: TestBusiness, facts: Facts, product_id: int | None = None) -> int:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        return products.save(session, facts, product_id)


def known(business: TestBusiness) -> list[Facts]:
    with transaction(business.business_id) as session:
        return [one.facts for one in products.every(session)]


def take(business: TestBusiness, content: str) -> tuple[int, int, int]:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        read = price_list_file.read(content.encode())
        plan = price_list_import.take(session, read, "USD")
    return len(plan.added), len(plan.changed), plan.unchanged


def items(business: TestBusiness) -> tuple[product_index.Item, ...]:
    with transaction(business.business_id) as session:
        return product_index.products_of(session)


def test_a_product_is_saved_and_changed(business) -> None:
    shirt = save(business, SHIRT)
    assert known(business) == [SHIRT]
    dearer = Facts("Camisa celeste", Decimal(30), sku="CAM-01")
    assert save(business, dearer, shirt) == shirt
    assert known(business) == [dearer]


def test_a_sku_stands_for_one_product_and_a_name_without_one_too(business) -> None:
    save(business, SHIRT)
    save(business, CAP)
    for twin in (Facts("Otra", Decimal(1), sku="CAM-01"), Facts("Gorra", Decimal(1))):
        with refused("product_exists"):
            save(business, twin)
    save(business, Facts("Gorra", Decimal(1), sku="GOR-02"))
    assert len(known(business)) == 3


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts("  ", Decimal(1)), "no_name"),
        (Facts("x" * 201, Decimal(1)), "too_long"),
        (Facts("x", Decimal(1), aliases=("a" * 101,)), "too_long"),
        (Facts("x", Decimal(-1)), "price"),
        (Facts("x", Decimal("NaN")), "price"),
        (Facts("x", Decimal(1), currency="PESOS"), "currency"),
    ],
)
def test_what_cannot_be_saved_says_why(facts: Facts, reason: str) -> None:
    with pytest.raises(UnacceptableProduct) as refused:
        products.checked(facts)
    assert refused.value.reason == reason


def test_a_product_that_is_gone_is_not_changed(business) -> None:
    with pytest.raises(NotFound):
        save(business, CAP, 999_999)


def test_products_are_found_by_any_of_their_names_without_accents(business) -> None:
    save(business, SHIRT)
    save(business, Facts("Pantalón", Decimal(40), sku="100%"))
    with transaction(business.business_id) as session:
        for words, found in {
            "pantalon": ["Pantalón"], "AZÚL camisa": ["Camisa azul"], "blus": ["Camisa azul"], "cam-": ["Camisa azul"],
            "%": ["Pantalón"], "zapato": [], "": ["Camisa azul", "Pantalón"],
        }.items():  # fmt: skip
            page = products.listing(session, words)
            assert ([one.facts.name for one in page.products], page.known) == (found, 2), words


def test_the_bot_reads_what_is_on_offer_in_the_business_s_currency(business) -> None:
    assert items(business) == ()
    cap = save(business, CAP)
    save(business, Facts("Vino", Decimal(5), currency="EUR"))
    save(business, Facts("Retirado", Decimal(1), active=False))
    assert [(one.name, one.price, one.currency) for one in items(business)] == [
        ("Gorra", Decimal("9.9"), "USD"),
        ("Vino", Decimal(5), "EUR"),
    ]
    assert items(business) is items(business)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        products.remove(session, [cap])
    assert [one.name for one in items(business)] == ["Vino"]
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        session.execute(update(Business).values(profile={"currency": "ARS"}))
        products.offer(session, [one.id for one in products.every(session)], active=True)
    assert [(one.name, one.currency) for one in items(business)] == [("Retirado", "ARS"), ("Vino", "EUR")]


def test_a_rolled_back_change_is_never_read_again(business) -> None:
    save(business, CAP)

    class Regret(Exception):
        pass

    with pytest.raises(Regret), transaction(Scope(business.business_id, Actor.agent(1))) as session:
        products.save(session, SHIRT)
        assert len(product_index.products_of(session)) == 2
        raise Regret
    assert [one.name for one in items(business)] == ["Gorra"]


def test_a_list_adds_changes_and_leaves_alone(business) -> None:
    save(business, SHIRT)
    save(business, CAP)
    assert take(business, "sku,name,price\nCAM-01,Camisa azul,$27\n,gorra,9.90\nBOT-1,Botas,80\n") == (1, 2, 0)
    assert known(business) == [
        Facts("Botas", Decimal(80), sku="BOT-1"),
        Facts("Camisa azul", Decimal(27), sku="CAM-01", aliases=("blusa",), description="De lino"),
        Facts("gorra", Decimal("9.9")),
    ]
    assert take(business, "sku,name,price\nCAM-01,Camisa azul,27\n,gorra,9.90\nBOT-1,Botas,80\n") == (0, 0, 3)


def test_a_known_name_takes_the_sku_that_a_list_gives_it(business) -> None:
    save(business, CAP)
    assert take(business, "sku,name,price\nGOR-1,Gorra,9.90\n") == (0, 1, 0)
    assert known(business) == [Facts("Gorra", Decimal("9.9"), sku="GOR-1")]
    assert take(business, "name,price\nGorra,12\n") == (0, 1, 0)
    assert known(business) == [Facts("Gorra", Decimal(12), sku="GOR-1")]


def test_two_products_of_one_name_are_not_mixed_up(business) -> None:
    save(business, Facts("Camisa", Decimal(1), sku="A"))
    save(business, Facts("Camisa", Decimal(2), sku="B"))
    assert take(business, "sku,name,price\nB,Camisa,3\nC,Camisa,4\n,Camisa,5\n") == (1, 2, 0)
    assert {(one.sku, one.price) for one in known(business)} == {("A", 5), ("B", 3), ("C", 4)}


def test_the_business_s_own_currency_follows_it(business) -> None:
    assert take(business, "name,price\nGorra,US$ 5\nVino,€ 7\n") == (2, 0, 0)
    assert [(one.name, one.currency) for one in known(business)] == [("Gorra", ""), ("Vino", "EUR")]
    assert take(business, "name,price\nGorra,US$ 5\nVino,€ 7\n") == (0, 0, 2)
