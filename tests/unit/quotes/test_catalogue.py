"""Which products a question is about."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from core.catalog import product_index
from core.catalog.product_index import Item

ITEMS = (
    Item(1, "CAM-01", "Camisa azul", ("blusa",), "", Decimal(25), "EUR"),
    Item(2, "CAM-02", "Camisa roja", (), "", Decimal(27), "EUR", "De algodón"),
    Item(3, "ZAP-01", "Zapatos de cuero", ("calzado", "leather shoes"), "par", Decimal(60), "EUR"),
    Item(4, "HAR-01", "Harina", ("flour", "farinha"), "kg", Decimal("1.2"), "EUR"),
    Item(5, "TOR-01", "Tornillo", ("screw",), "", Decimal("0.0125"), "EUR"),
    Item(6, "TAZ-01", "Taza", (), "", Decimal(4), "EUR"),
)


def found(question: str) -> list[str]:
    return [one.id for one in product_index.passages(ITEMS, question)]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("¿Cuánto cuesta la camisa azul?", "product-1"),
        ("precio de las camisas rojas", "product-2"),
        ("cuanto vale la blusa", "product-1"),
        ("¿A cuánto está el kilo de harina?", "product-4"),
        ("tienen zapatos?", "product-3"),
        ("¿qué precio tiene el zapatto de cuero?", "product-3"),
        ("how much are the leather shoes?", "product-3"),
        ("how much is the flour", "product-4"),
        ("quanto custa a farinha?", "product-4"),
        ("precio CAM-02", "product-2"),
    ],
)
def test_a_question_finds_its_product(question: str, first: str) -> None:
    assert found(question)[:1] == [first]


def test_a_name_that_two_share_finds_both() -> None:
    assert set(found("¿cuánto cuesta la camisa?")) == {"product-1", "product-2"}


@pytest.mark.parametrize(
    "question",
    ["", "hola", "¿cuánto cuesta el envío?", "¿a qué hora abren?", "tienen bicicletas?", "¿dónde está mi pedido?",
     "¿Puedo pagar la camisa con tarjeta o transferencia?"],
)  # fmt: skip
def test_other_questions_find_nothing(question: str) -> None:
    assert found(question) == []


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("¿cuánto cuesta la camisa roja?", "Camisa roja (CAM-02): 27,00\xa0€ por unidad. De algodón"),
        ("how much is the flour?", "Harina (HAR-01): €1.20 per kg"),
        ("quanto custa o calzado, por favor? obrigado", "Zapatos de cuero (ZAP-01): 60,00\xa0€ por par"),
        ("¿precio del tornillo?", "Tornillo (TOR-01): 0,0125\xa0€ por unidad"),
    ],
)
def test_a_passage_tells_the_price_in_the_question_s_language(question: str, text: str) -> None:
    passage = product_index.passages(ITEMS, question)[0]
    assert passage.text == text
    assert 0 < passage.score <= 1


@pytest.mark.parametrize(
    ("question", "product"),
    [
        ("¿Cuánto cuesta la camisa roja?", "product-2"),
        ("precio del calzado", "product-3"),
        ("how much is the flour?", "product-4"),
        ("cuanto vale la harnia", "product-4"),
        ("¿cuánto cuesta la camisa?", None),
        ("¿cuánto cuesta el envío de los zapatos?", None),
        ("¿cuánto cuesta la camisa azul talla L?", None),
        ("¿tienen harina?", None),
        ("¿cuánto cuesta?", None),
        ("quiero un reclamo por la harina", None),
        ("¿cuánto cuesta la taza?", "product-6"),
        ("¿cuánto cuesta la tapa?", None),
    ],
)
def test_a_price_is_sure_only_without_another_meaning(question: str, product: str | None) -> None:
    sure = product_index.sure_price(ITEMS, question)
    assert (sure and sure.id) == product


def test_nothing_is_sure_without_products() -> None:
    assert product_index.sure_price((), "¿cuánto cuesta la camisa?") is None


def test_a_large_catalogue_answers_at_once() -> None:
    many = tuple(
        Item(n, f"P-{n}", f"Producto{n % 700} modelo{n} color{n % 9}", (), "", Decimal(n), "EUR") for n in range(5_000)
    )
    product_index.passages(many, "precio modelo7")
    begun = time.process_time()
    assert product_index.passages(many, "¿cuánto cuesta el modelo4321 producto121?")[0].id == "product-4321"
    assert time.process_time() - begun < 0.5


def test_the_products_of_quotes_displace_no_large_catalogue() -> None:
    many = tuple(Item(n, "", f"Producto{n}", (), "", Decimal(n), "EUR") for n in range(1, 100))
    index = product_index.index_of(many)
    for item in many:
        product_index.index_of((item,))
    assert product_index.index_of(many) is index


@pytest.mark.parametrize("count", [1, 20, 21])
def test_a_catalogue_is_indexed_once_whatever_its_size(count: int) -> None:
    items = tuple(Item(n, "", f"Producto{n}", (), "", Decimal(n), "EUR") for n in range(count))
    assert product_index.index_of(items) is product_index.index_of(items)
