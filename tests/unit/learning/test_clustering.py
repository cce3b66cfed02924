"""Clustering of questions that ask the same, and stable groups."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.question_clusters import Groups


def grouped(questions: list[str]) -> list[int]:
    groups, found = Groups(), []
    for number, question in enumerate(questions):
        nearest = groups.nearest(question)
        if nearest is None:
            groups.add(number, question)
        found.append(number if nearest is None else nearest)
    return found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("¿Hacen envíos a Canarias?", "Hola, cuánto cuesta el envío a canarias?"),
        ("Do you repair violins?", "hi!! do you guys repair violin"),
        ("¿Tienen estacionamiento?", "tienen estacionamento??"),
        ("Vocês vendem cartão presente?", "vende cartão-presente"),
    ],
)
def test_one_question_in_other_words(first: str, second: str) -> None:
    assert grouped([first, second]) == [0, 0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Do you ship to Spain?", "Do you ship to France?"),
        ("¿Arreglan relojes?", "¿Venden relojes?"),
        ("¿Qué horario tienen?", "¿Tienen talla 42?"),
        ("Hola", "¿Arreglan relojes?"),
    ],
)
def test_questions_that_only_look_alike(first: str, second: str) -> None:
    assert grouped([first, second]) == [0, 1]


def test_known_groups_go_on() -> None:
    groups = Groups([(7, "Do you repair violins?"), (9, "Do you repair violins?")])
    assert groups.nearest("Repair my violin please") == 7, "the older of two that are the same"
    assert groups.nearest("Do you open on Sundays?") is None


KNOWN = ["envio", "canarias", "violin", "repair", "horario", "reloj", "precio", "talla", "azul"]
WORDS = st.lists(st.sampled_from(KNOWN), max_size=5)


@settings(max_examples=50)
@given(st.lists(WORDS.map(" ".join), max_size=12))
def test_grouping_is_the_same_each_time_and_adding_more_moves_nothing(questions: list[str]) -> None:
    found = grouped(questions)
    assert grouped(questions) == found
    for count in range(len(questions)):
        assert grouped(questions[:count]) == found[:count]
