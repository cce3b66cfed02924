"""Similarity of the business's texts to a question, by words alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.text.similarity import named_in, nearest

TEXTS = (
    "envio Enviamos a todo el país en tres días.",
    "pago Aceptamos tarjetas y transferencia.",
    "gracias Gracias por escribirnos, ¡hasta pronto!",
)


def test_inflections_accents_and_capitals_do_not_hide_a_text() -> None:
    (best, *_) = nearest("¿ENVÍAN a otro pais?", TEXTS, 3)
    assert best[0] == 0


def test_what_shares_nothing_is_not_offered() -> None:
    assert nearest("¿tienen zapatos rojos?", TEXTS, 3) == []
    assert nearest("", TEXTS, 3) == []


def test_names_are_found_whole() -> None:
    assert named_in("Quiero pagar y saber de envíos", ("Envío", "Pago", "Envío urgente"), 3) == ["Envío", "Pago"]


@given(st.text(max_size=60), st.lists(st.text(max_size=40), max_size=8), st.integers(0, 5))
def test_scores_are_shares_in_falling_order(asked: str, texts: list[str], limit: int) -> None:
    found = nearest(asked, texts, limit)
    scores = [score for _, score in found]
    assert len(found) <= limit
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
