"""The lists of stop words and synonyms, and what they must not take for the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog.orders.confirmation import says_no
from core.text.normalize import words
from core.text.stopwords import EMPTY, INTERROGATIVES, PARTICLES, STOP_WORDS
from core.text.synonyms import key, related_to, topic

WORDS = st.sampled_from(
    words("precio cuesta cobran envio mandan tarda demora horario abren cierran bolso bolsa remera tshirt coche sin")
)


def test_what_a_question_needs_is_searched_for_by_nobody_but_never_empty() -> None:
    assert PARTICLES < EMPTY < STOP_WORDS
    assert not EMPTY & (INTERROGATIVES | {"no", "sin", "sem", "not", "without", "solo", "only", "hoy"})


@pytest.mark.parametrize(
    ("one", "other"), [("remeras", "tshirt"), ("precio", "custa"), ("zapatos", "shoe"), ("negra", "preto")]
)
def test_synonyms_mean_the_same(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [("precio", "cobraron"), ("tarda", "demorando"), ("horario", "abren")])
def test_related_words_are_found_by_each_other_but_differ(one: str, other: str) -> None:
    assert key(one) != key(other)
    assert topic(one) == topic(other)
    assert set(related_to(one)) == set(related_to(other))


@given(WORDS | st.text(max_size=20), WORDS | st.text(max_size=20))
def test_the_same_meaning_is_the_same_topic(one: str, other: str) -> None:
    if key(one) == key(other):
        assert topic(one) == topic(other)
    assert topic(one) in {topic(word) for word in related_to(one)}


def test_not_knowing_is_no_refusal() -> None:
    assert not says_no("no sé")
