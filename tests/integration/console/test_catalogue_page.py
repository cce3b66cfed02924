"""The catalogue's page: looking, changing, importing; and who may."""

from __future__ import annotations

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from console import auth
from console.app_pages.catalogue import commands, queries
from core.catalog import products
from core.catalog.price_list_file import Read
from core.catalog.products import Facts
from core.models import Role
from core.platform.db import transaction
from tests.factories import person
from tests.support.desk import Desk

SHIRT = Facts("Camisa azul", Decimal(25), sku="CAM-01", aliases=("blusa",))


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)


def _open(desk: Desk) -> AppTest:
    desk.open().switch_page("app_pages/catalogue/page.py")
    return desk.run()


def _save(business, *facts: Facts) -> list[int]:
    with transaction(business.business_id) as session:
        return [products.save(session, one) for one in facts]


def _known(business) -> list[Facts]:
    with transaction(business.business_id) as session:
        return [one.facts for one in products.every(session)]


def _shown(page: AppTest) -> str:
    return " ".join([*(one.value for one in page.text), *(one.proto.body for one in page.get("html"))])


def test_an_empty_catalogue_says_what_to_do(desk) -> None:
    page = _open(desk)
    assert [one.value for one in page.info] == ["There are no products yet. Add one or import a price list."]


def test_products_are_listed_and_found(desk, business) -> None:
    _save(business, SHIRT, Facts("Harina", Decimal("1.2"), unit="kg", currency="EUR"))
    page = _open(desk)
    assert "CAM-01 · blusa" in _shown(page)
    assert "$25.00" in _shown(page)
    assert "€1.20 / kg" in _shown(page)
    page.text_input(key="catalogue_search").set_value("blusa")
    page = desk.run()
    assert "Camisa azul" in _shown(page)
    assert "Harina" not in _shown(page)
    page.text_input(key="catalogue_search").set_value("zapato")
    assert [one.value for one in desk.run().info] == ["No products match your search."]


def test_a_long_catalogue_is_shown_in_pages(desk, business) -> None:
    _save(business, *(Facts(f"Producto {number:02}", Decimal(number)) for number in range(30)))
    page = _open(desk)
    assert "1 to 25 of 30" in _shown(page)
    page.button(key="older").click()
    page = desk.run()
    assert "26 to 30 of 30" in _shown(page)
    assert "Producto 29" in _shown(page)
    page.text_input(key="catalogue_search").set_value("producto 03")
    assert "Producto 03" in _shown(desk.run())


def test_a_page_whose_last_product_goes_gives_way_to_the_one_before(desk, business) -> None:
    ids = _save(business, *(Facts(f"Producto {number:02}", Decimal(number)) for number in range(26)))
    page = _open(desk)
    page.button(key="older").click()
    page = desk.run()
    page.button(key=f"remove_{ids[-1]}").click()
    assert "Producto 24" in _shown(desk.run())


def test_the_form_adds_a_product_once_it_is_right(desk, business) -> None:
    page = _open(desk)
    page.button(key="add").click()
    page = desk.run()
    page.text_input(key="product_name_new").set_value("Gorra")
    page.text_input(key="product_price_new").set_value("cheap")
    page.text_area(key="product_aliases_new").set_value("cap, boné")
    page.button[-1].click()
    page = desk.run()
    assert [one.value for one in page.error] == ["The price is not valid: write a number such as 1234.50."]
    page.text_input(key="product_price_new").set_value("€ 9.90")
    page.button[-1].click()
    desk.run()
    assert _known(business) == [Facts("Gorra", Decimal("9.9"), currency="EUR", aliases=("cap", "boné"))]


def test_the_form_changes_a_product(desk, business) -> None:
    (shirt,) = _save(business, SHIRT)
    page = _open(desk)
    page.button(key=f"edit_{shirt}").click()
    page = desk.run()
    assert page.text_input(key=f"product_price_{shirt}").value == "25"
    page.text_input(key=f"product_price_{shirt}").set_value("27.50")
    page.button[-1].click()
    desk.run()
    assert _known(business) == [Facts("Camisa azul", Decimal("27.5"), sku="CAM-01", aliases=("blusa",))]


def test_a_product_is_taken_off_sale_and_removed(desk, business) -> None:
    (shirt,) = _save(business, SHIRT)
    page = _open(desk)
    page.button(key=f"offer_{shirt}").click()
    page = desk.run()
    assert [one.active for one in _known(business)] == [False]
    page.button(key=f"remove_{shirt}").click()
    desk.run()
    assert _known(business) == []


def test_a_price_list_shows_what_it_would_do_and_then_does_it(desk, business) -> None:
    _save(business, SHIRT)
    page = _open(desk)
    content = "Código;Nombre;Precio\nCAM-01;Camisa azul;27,5\n;Gorra;9,9\n;Sin precio;\n".encode("cp1252")
    page.file_uploader(key="price_list_0").upload("precios.csv", content, "text/csv")
    page = desk.run()
    assert [one.value for one in page.metric] == ["1", "1", "0", "1"]
    assert [one.value for one in page.warning] == ["- Line 4: The price is missing."]
    assert list(page.dataframe[0].value["Before, or what else changes"]) == ["$25.00", ""]
    assert _known(business) == [SHIRT]
    page.button(key="take_list").click()
    desk.run()
    assert [(one.name, one.price) for one in _known(business)] == [
        ("Camisa azul", Decimal("27.5")),
        ("Gorra", Decimal("9.9")),
    ]


def test_a_file_of_something_else_is_refused(desk) -> None:
    page = _open(desk)
    page.file_uploader(key="price_list_0").upload("precios.xlsx", b"PK\x03\x04 broken", "text/csv")
    page = desk.run()
    assert [one.value for one in page.error] == [
        "It cannot be read as CSV or Excel. If it has a password, save it without one."
    ]


def test_agents_look_and_change_nothing(business, monkeypatch: pytest.MonkeyPatch) -> None:
    (shirt,) = _save(business, SHIRT)
    desk = Desk(person(business.business_id), monkeypatch)
    page = _open(desk)
    assert "Camisa azul" in _shown(page)
    assert not {"add", f"edit_{shirt}", f"remove_{shirt}"} & {one.key for one in page.button}
    refused = (
        lambda: commands.save(SHIRT, None), lambda: commands.remove(shirt), lambda: commands.offer(shirt, active=False),
        lambda: commands.take(Read((), frozenset(), ())), lambda: queries.planned(Read((), frozenset(), ())),
    )  # fmt: skip
    for attempt in refused:
        with pytest.raises(auth.NotAllowed):
            attempt()
    assert _known(business) == [SHIRT]
