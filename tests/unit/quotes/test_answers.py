"""Answers of customers to a quote."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.catalog.orders.amendments import amended
from core.catalog.orders.confirmation import resolved, says_no, says_yes
from core.catalog.orders.matcher import Line
from core.text.normalize import guess_language
from tests.support.shop import NAMES, SHOP


def line(number: int, quantity: str | None) -> Line:
    product = SHOP[number - 1]
    return Line(product.name, Decimal(quantity) if quantity else None, "", product, 1.0)


SHIRTS = (line(3, "2"),)
BASKET = (line(1, "2"), line(3, "1"), line(5, "4"))


@pytest.mark.parametrize(
    "text",
    [
        "SÍ", "si", "Sí, gracias", "siii", "sí por favor", "Si, confirmo", "confirmo", "confirmado!", "dale", "ok",
        "Ok perfecto", "vale", "de acuerdo", "claro que sí", "está bien", "listo", "👍", "sí 👍", "me lo llevo, sí",
        "Sí, confirmo el pedido", "yes", "Yes please", "yep", "yess", "sure", "ok, go ahead", "sounds good, yes",
        "sim", "Sim, por favor", "isso mesmo", "pode ser", "confirmo o pedido", "beleza", "claro", "combinado",
        "Sí, confirmo. ¿Cuándo llega?", "confrimo", "si\ngracias", "perfecto",
    ],
)  # fmt: skip
def test_yes(text: str) -> None:
    assert says_yes(text)
    assert not says_no(text)


@pytest.mark.parametrize(
    "text",
    [
        "NO", "no", "No, gracias", "nooo", "mejor no", "no por ahora", "ya no lo quiero", "no quiero", "nop", "déjalo",
        "no me interesa", "nah", "no thanks", "no, thank you", "not now", "não", "Não, obrigado", "agora não",
        "não quero mais", "👎", "claro que no", "olvídalo",
    ],
)  # fmt: skip
def test_no(text: str) -> None:
    assert says_no(text)
    assert not says_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        "sí, pero solo 2", "¿sí tienen envío?", "si llega mañana lo quiero", "no sé", "¿y si pago con tarjeta?",
        "sí, mejor 3", "¿hacen envíos?", "no entiendo", "¿por qué no?", "cuánto tarda", "yes but only 2",
        "what is the total?", "sim, mas só 2", "Sí. Pero quita la camisa", "hola", "", "no tengo efectivo",
        "¿Ya está confirmado?", "confirmado?", "¿Confirmo?", "is it confirmed?", "¿Sí?", "Sí. Cancela, por favor",
        "ok. espere", "Sim. Cancele o pedido",
    ],
)  # fmt: skip
def test_neither(text: str) -> None:
    assert not says_yes(text)
    assert not says_no(text)


def test_a_yes_with_a_question_behind_it_is_a_yes() -> None:
    assert says_yes("Sí, confirmo. ¿Ya está confirmado?", plainly=True)


def test_a_yes_that_is_taken_back_is_none() -> None:
    assert not says_yes("ok. Olvídalo")


def test_a_mere_yes_may_answer_another_question() -> None:
    assert says_yes("sí")
    assert not says_yes("sí", plainly=True)
    assert says_yes("sí, confirmo", plainly=True)


def after(text: str, lines: tuple[Line, ...]) -> str | None:
    change = amended(text, lines, SHOP, guess_language(text))
    if change is None:
        return None
    if change.amount is not None:
        return f"of what: {change.amount}"
    return ", ".join(f"{NAMES[one.item.id] if one.item else '?'} {one.quantity}" for one in change.lines) or "nothing"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mejor 3", "Camisa blanca 3"),
        ("mejor tres", "Camisa blanca 3"),
        ("sí, pero solo 1", "Camisa blanca 1"),
        ("que sean 5", "Camisa blanca 5"),
        ("no, mejor 4", "Camisa blanca 4"),
        ("solo una", "Camisa blanca 1"),
        ("3", "Camisa blanca 3"),
        ("3 camisas", "Camisa blanca 3"),
        ("mejor 3 camisas por favor", "Camisa blanca 3"),
        ("make it 3", "Camisa blanca 3"),
        ("yes but only 1", "Camisa blanca 1"),
        ("melhor 3", "Camisa blanca 3"),
        ("sim, mas só 1", "Camisa blanca 1"),
        ("agrega 1 gorra", "Camisa blanca 2, Gorra 1"),
        ("añade una gorra y dos panes", "Camisa blanca 2, Gorra 1, Pan 2"),
        ("y una gorra", "Camisa blanca 2, Gorra 1"),
        ("y también 1 gorra", "Camisa blanca 2, Gorra 1"),
        ("agrega 2 camisas más", "Camisa blanca 4"),
        ("2 más", "Camisa blanca 4"),
        ("add 2 caps", "Camisa blanca 2, Gorra 2"),
        ("adiciona um boné", "Camisa blanca 2, Gorra 1"),
        ("quiero también media docena de huevos", "Camisa blanca 2, Huevos 0.5"),
        ("quita la camisa", "nothing"),
        ("mejor 2 gorras", "Gorra 2"),
    ],
)
def test_a_change_to_one_line(text: str, expected: str) -> None:
    assert after(text, SHIRTS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quita la camisa", "Zapato negro 2, Gorra 4"),
        ("sin la camisa", "Zapato negro 2, Gorra 4"),
        ("quita la camisa y las gorras", "Zapato negro 2"),
        ("ya no quiero la camisa", "Zapato negro 2, Gorra 4"),
        ("quita 1 gorra", "Zapato negro 2, Camisa blanca 1, Gorra 3"),
        ("quita la camisa y agrega 2 panes", "Zapato negro 2, Gorra 4, Pan 2"),
        ("mejor 3 gorras", "Zapato negro 2, Camisa blanca 1, Gorra 3"),
        ("sí, pero solo 1 zapato", "Zapato negro 1, Camisa blanca 1, Gorra 4"),
        ("remove the shirt", "Zapato negro 2, Gorra 4"),
        ("tira a camisa", "Zapato negro 2, Gorra 4"),
        ("mejor 3", "of what: 3"),
    ],
)
def test_a_change_to_several_lines(text: str, expected: str) -> None:
    assert after(text, BASKET) == expected


@pytest.mark.parametrize(
    "text",
    ["¿hacen envíos?", "hola", "sí", "no", "¿cuánto tarda?", "quita la bicicleta", "¿puedo pagar con tarjeta?",
     "cambia las camisas por gorras", "vivo en la calle 12", "mi número es 5512345678"],
)  # fmt: skip
def test_what_is_no_change(text: str) -> None:
    assert after(text, BASKET) is None


WHICH = Line("zapatos", Decimal(2), "", None, 0.5, (SHOP[0], SHOP[1]))
IS_IT = Line("camisas verdes", Decimal(2), "", None, 0.6, (SHOP[2],))
HOW_MANY = Line("camisetas", None, "", SHOP[3], 1.0)
UNKNOWN = Line("bicicleta", Decimal(1), "", None, 0.0)


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        (WHICH, "la segunda", "Zapato rojo 2"),
        (WHICH, "el primero", "Zapato negro 2"),
        (WHICH, "2", "Zapato rojo 2"),
        (WHICH, "el 2 por favor", "Zapato rojo 2"),
        (WHICH, "la opción 1", "Zapato negro 2"),
        (WHICH, "los rojos", "Zapato rojo 2"),
        (WHICH, "rojo", "Zapato rojo 2"),
        (WHICH, "quiero los negros", "Zapato negro 2"),
        (WHICH, "1 rojo y 1 negro", "Zapato rojo 1, Zapato negro 1"),
        (WHICH, "the second one", "Zapato rojo 2"),
        (WHICH, "o segundo", "Zapato rojo 2"),
        (WHICH, "ninguno", ""),
        (WHICH, "no, déjalo", ""),
        (IS_IT, "sí", "Camisa blanca 2"),
        (IS_IT, "sim", "Camisa blanca 2"),
        (IS_IT, "no", ""),
        (HOW_MANY, "3", "Camiseta 3"),
        (HOW_MANY, "tres por favor", "Camiseta 3"),
        (HOW_MANY, "media docena", "Camiseta 6"),
        (HOW_MANY, "3 camisetas", "Camiseta 3"),
        (HOW_MANY, "una", "Camiseta 1"),
        (UNKNOWN, "una gorra", "Gorra 1"),
        (UNKNOWN, "quise decir gorra", None),
        (UNKNOWN, "déjala fuera", ""),
        (UNKNOWN, "¿hacen envíos?", None),
        (WHICH, "¿cuánto cuesta el envío?", None),
    ],
)
def test_what_was_asked_back_is_completed(asked: Line, text: str, expected: str | None) -> None:
    lines = resolved(text, (asked,), SHOP, "es")
    said = (
        None
        if lines is None
        else ", ".join(f"{NAMES[one.item.id] if one.item else '?'} {one.quantity}" for one in lines)
    )
    assert said == expected
