"""Orders of customers, as written in a chat, against a small catalogue."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.catalog.orders.matcher import match_lines
from core.catalog.orders.parser import read_order
from core.text.normalize import guess_language
from tests.support.shop import NAMES, SHOP, item

# (what is written, what it means: product and quantity; "?" asks which product, "#" asks how many)
ORDERS = [
    ("Quiero 2 zapatos y 1 camisa", "? 2, Camisa blanca 1"),
    ("Quiero 2 zapatos negros y 1 camisa", "Zapato negro 2, Camisa blanca 1"),
    ("hola buenas tardes! quisiera dos camisas blancas por favor", "Camisa blanca 2"),
    ("me das 3 gorras y una camiseta", "Gorra 3, Camiseta 1"),
    ("necesito veintiún gorras", "Gorra 21"),
    ("necesito treinta y dos gorras y un pantalón azul", "Gorra 32, Pantalón azul 1"),
    ("media docena de huevos", "Huevos 0.5"),
    ("quiero una docena de huevos y dos panes", "Huevos 1, Pan 2"),
    ("docena y media de huevos porfa", "Huevos 1.5"),
    ("6 huevos", "Huevos 0.5"),
    ("2 docenas de gorras", "Gorra 24"),
    ("un par de gorras", "Gorra 2"),
    ("un par de zapatos negros", "Zapato negro 1"),
    ("dos pares de zapatos rojos", "Zapato rojo 2"),
    ("dos pares de gorras", "Gorra 4"),
    ("1,5 kg de harina", "Harina 1.5"),
    ("1.5 kg de harina", "Harina 1.5"),
    ("medio kilo de harina", "Harina 0.5"),
    ("kilo y medio de harina", "Harina 1.5"),
    ("500 g de harina", "Harina 0.5"),
    ("500gr harina", "Harina 0.5"),
    ("dos kilos y medio de harina y tres litros de aceite de oliva", "Harina 2.5, Aceite de oliva 3"),
    ("tres cuartos de kilo de harina", "Harina 0.75"),
    ("2 metros de tela", "Tela de algodón 2"),
    ("150 cm de tela de algodon", "Tela de algodón 1.5"),
    ("zapatos negros x3", "Zapato negro 3"),
    ("3x camiseta", "Camiseta 3"),
    ("camiseta x 3, gorra x 2", "Camiseta 3, Gorra 2"),
    ("camisetas: 3\ngorras: 2", "Camiseta 3, Gorra 2"),
    ("camiseta (3)", "Camiseta 3"),
    ("- 2 camisetas\n- 3 gorras\n- 1 pantalón", "Camiseta 2, Gorra 3, Pantalón azul 1"),
    ("2 camisetas 3 gorras", "Camiseta 2, Gorra 3"),
    ("2 camisetas + 3 gorras", "Camiseta 2, Gorra 3"),
    ("2 camisetas; 3 gorras; 1 pan", "Camiseta 2, Gorra 3, Pan 1"),
    ("dame dos camizetas y un pantalon", "Camiseta 2, Pantalón azul 1"),
    ("kiero 2 gorrass", "Gorra 2"),
    ("quiero 2 zapatos negors", "Zapato negro 2"),
    ("3 camisas y tmb 2 gorras", "Camisa blanca 3, Gorra 2"),
    ("quiero 2 CAM-01 y 1 ZAP-02", "Camisa blanca 2, Zapato rojo 1"),
    ("2 cam01", "Camisa blanca 2"),
    ("quiero el iphone 15", "iPhone 15 1"),
    ("quiero 2 iphone 15", "iPhone 15 2"),
    ("3 coca cola 2 litros", "Coca Cola 2 litros 3"),
    ("2 pan y queso y 1 gorra", "Pan y queso 2, Gorra 1"),
    ("2 cajas de tornillos", "Tornillo 2"),
    ("quiero camisetas", "Camiseta #"),
    ("quiero una camiseta", "Camiseta 1"),
    ("me llevo la camiseta", "Camiseta 1"),
    ("¿cuánto cuestan 3 gorras?", "Gorra 3"),
    ("cuanto me salen 10 camisetas", "Camiseta 10"),
    ("cotízame 12 gorras y 6 camisetas por favor", "Gorra 12, Camiseta 6"),
    ("presupuesto de 100 tornillos", "Tornillo 100"),
    ("mil quinientas gorras", "Gorra 1500"),
    ("1.500 gorras", "Gorra 1500"),
    ("quiero una bicicleta", "? 1"),
    ("quiero 2 bicicletas rojas", "? 2"),
    ("2 camisas verdes", "? 2"),
    ("3 camisolas", "? 3"),
    ("medio kilo de gorras", "Gorra #"),
    ("Necesito que me mandes 10 kilos de harina", "Harina 10"),
    ("Hola, me gustaría encargar 4 pantalones azules para mañana", "Pantalón azul 4"),
    ("pan, café molido y harina quiero", "Pan 1, Café molido 1, Harina 1"),
    ("I want 2 black shoes and a shirt", "Zapato negro 2, Camisa blanca 1"),
    ("can I get half a dozen eggs please", "Huevos 0.5"),
    ("a couple of shirts", "Camisa blanca 2"),
    ("I'd like three caps, two T-shirts and one bread", "Gorra 3, Camiseta 2, Pan 1"),
    ("twenty-one caps", "Gorra 21"),
    ("one and a half kilos of flour", "Harina 1.5"),
    ("1,500 caps", "Gorra 1500"),
    ("a dozen eggs and 2 pairs of red shoes", "Huevos 1, Zapato rojo 2"),
    ("how much for 3 caps?", "Gorra 3"),
    ("2 shoes", "? 2"),
    ("5 metres of cotton fabric", "Tela de algodón 5"),
    ("please send me 2 ground coffee and 1 blue trousers", "Café molido 2, Pantalón azul 1"),
    ("I'll take two red shoes", "Zapato rojo 2"),
    ("quero duas camisas brancas e um boné", "Camisa blanca 2, Gorra 1"),
    ("quero meia dúzia de ovos", "Huevos 0.5"),
    ("preciso de uma dúzia e meia de ovos", "Huevos 1.5"),
    ("me vê 3 pães e 1 café moído", "Pan 3, Café molido 1"),
    ("gostaria de 2 sapatos pretos", "Zapato negro 2"),
    ("oi, boa tarde! eu queria um par de sapatos vermelhos", "Zapato rojo 1"),
    ("2 quilos de farinha", "Harina 2"),
    ("quanto custam 5 bonés?", "Gorra 5"),
    ("vinte e dois bonés", "Gorra 22"),
    ("3 calças azuis", "Pantalón azul 3"),
    ("meio litro de azeite", "Aceite de oliva 0.5"),
    ("dois metros e meio de tecido de algodão", "Tela de algodón 2.5"),
]  # fmt: skip


def meant(text: str) -> str:
    lines = match_lines(read_order(text).lines, SHOP, guess_language(text))
    return ", ".join(
        f"{NAMES[line.item.id] if line.item else '?'} {'#' if line.quantity is None else format(line.quantity, 'f')}"
        for line in lines
    )


@pytest.mark.parametrize(("text", "expected"), ORDERS)
def test_an_order_is_read(text: str, expected: str) -> None:
    assert meant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "no quiero 2 camisas",
        "Compré 2 camisetas y una vino rota",
        "quiero devolver 2 camisas",
        "I bought 2 shirts last week",
        "recebi 2 camisas erradas",
        "hola, ¿qué tal?",
        "",
        "...",
        "👍",
    ],
)
def test_what_is_no_order_has_no_lines(text: str) -> None:
    assert read_order(text).lines == ()


def test_a_price_is_asked_without_a_quantity() -> None:
    order = read_order("¿cuánto cuesta la camisa?")
    assert order.price
    assert order.lines[0].quantity is None


def test_what_is_said_besides_the_order_is_told_apart() -> None:
    order = read_order("Hola, soy María. Quiero 2 camisas. ¿Cuándo llegan?")
    assert [(line.words, line.stray) for line in order.lines] == [
        ("soy María", True),
        ("camisas", False),
    ]
    assert order.rest


@pytest.mark.parametrize(
    "text",
    [
        "¿cuándo llega mi pedido 44871?",
        "how do I clean 2 shirts",
        "what does the 3 on the shirt mean?",
        "hola, ¿dónde compro 2 camisas?",
        "si pido a las 11 am",
        "quero às 5 pm",
    ],
)
def test_a_question_about_something_else_or_an_hour_orders_nothing(text: str) -> None:
    assert read_order(text).lines == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("¿cuánto cuestan 2 camisas?", "2"),
        ("what about 3 shirts?", "3"),
        ("¿cuál es el precio de 4 camisas?", "4"),
        ("how much are 2 shirts?", "2"),
        ("3 x camisas", "3"),
        ("agrégame 2 camisas pls", "2"),
    ],
)
def test_an_order_may_come_as_a_question(text: str, expected: str) -> None:
    assert [str(line.quantity) for line in read_order(text).lines] == [expected]


def test_english_plurals_in_sses_find_their_product() -> None:
    items = (replace(SHOP[0], name="French press", aliases=()),)
    assert match_lines(read_order("2 french presses").lines, items, "en")[0].sure


LAMPS = (
    item(1, "Lámpara Aurora 2", "50"),
    item(2, "Lámpara Aurora 3", "60"),
    item(3, "Café de la casa", "9", "paquete", "coffee"),
    item(4, "Harina", "2", "kg"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dos Aurora 2 y tres paquetes de café", [(1, 2), (3, 3)]),
        ("dos Aurora 2 tres paquetes de café", [(1, 2), (3, 3)]),
        ("quiero la Aurora 3 y tres paquetes de café", [(2, 1), (3, 3)]),
        ("quiero el Aurora 3 y el Aurora 2", [(2, 1), (1, 1)]),
        ("quiero Aurora 2 x3", [(1, 3)]),
        ("Aurora 2 (3), Aurora 3 (1)", [(1, 3), (2, 1)]),
        ("two Aurora 2 and three packs of coffee", [(1, 2), (3, 3)]),
        ("harina 2 kilos 3 cafés", [(4, 2), (3, 3)]),
    ],
)
def test_a_number_in_a_name_counts_nothing(text: str, expected: list[tuple[int, int]]) -> None:
    lines = match_lines(read_order(text).lines, LAMPS, guess_language(text))
    assert [(line.item.id if line.item else None, line.quantity) for line in lines] == expected


def test_confidence_tells_a_slip_from_the_word() -> None:
    right, slip = (match_lines(read_order(text).lines, SHOP, "es")[0] for text in ("2 camisetas", "2 camizetas"))
    assert right.confidence == 1
    assert 0.7 <= slip.confidence < 1


def test_two_that_are_alike_are_asked_back() -> None:
    line = match_lines(read_order("2 zapatos").lines, SHOP, "es")[0]
    assert [product.name for product in line.candidates] == ["Zapato negro", "Zapato rojo"]
    assert line.quantity == Decimal(2)
    assert line.confidence <= 0.5


def test_no_bicycle_becomes_a_shirt() -> None:
    line = match_lines(read_order("quiero 1 bicicleta").lines, SHOP, "es")[0]
    assert line.item is None
    assert line.candidates == ()


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("2 medias", 2), ("un par de medias", 1), ("dos pares de medias", 2), ("media docena de medias", 6)],
)
def test_what_is_sold_in_pairs_is_counted_in_pairs(text: str, quantity: int) -> None:
    socks = (item(1, "Medias", "3", "par"),)
    assert match_lines(read_order(text).lines, socks, "es")[0].quantity == quantity
