"""Redaction of personal data in answers that are reused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.pii import MASK, redact


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Escríbame a ana.perez+x@correo.com.ar", f"Escríbame a {MASK}"),
        ("Mi teléfono es +54 9 11 5555-0001, gracias", f"Mi teléfono es {MASK}, gracias"),
        ("Order #4417 and AB-10293", f"Order {MASK} and {MASK}"),
        ("DNI 30111222X", f"DNI {MASK}"),
        ("Hola, me llamo Laura de la Vega. ¿Abren hoy?", f"Hola, me llamo {MASK}. ¿Abren hoy?"),
        ("Hi, I'm Peter and my name is Peter Novak", f"Hi, I'm {MASK} and my name is {MASK}"),
        ("Olá, sou a Marta", f"Olá, sou a {MASK}"),
        ("The size is 42 and it costs 1.250,50 € until 12/05", "The size is 42 and it costs 1.250,50 € until 12/05"),
        ("Soy cliente desde 2019", "Soy cliente desde 2019"),
        ("Abrimos de 9 a 18", "Abrimos de 9 a 18"),
    ],
)
def test_what_is_masked_and_what_is_left(words: str, expected: str) -> None:
    assert redact(words) == expected


def test_the_customers_own_name_goes_wherever_it_stands() -> None:
    assert redact("Gracias DANIELA, señora Cruz", "Daniela Cruz") == f"Gracias {MASK}, señora {MASK}"
    assert redact("Yes, it is blue", "Al") == "Yes, it is blue", "a short name is a word too"


@given(st.text(max_size=80), st.from_regex(r"\A\+?[0-9]{9,12}\Z"))
def test_no_telephone_number_is_left(words: str, number: str) -> None:
    assert number not in redact(f"{words} {number}")


@given(st.text(max_size=120))
def test_masking_twice_changes_nothing(words: str) -> None:
    once = redact(words)
    assert redact(once) == once
