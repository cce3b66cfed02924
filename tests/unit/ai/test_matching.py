"""The index that products, approved answers and saved replies are found with, and its rule for typos."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.matching import SAME_MEANING, SHORT_TYPO, Index, corrections, named_in, nearest, share
from core.text.normalize import singular, words

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


NAMES = (("vela", "blanca"), ("velo", "blanco"), ("camiseta",), ("iphone15",), ("taza",), ("shoe",))


def credit(word: str, name: str) -> float:
    found = [match for match in Index(NAMES, singular).matches([word]) if name in match.covered]
    return found[0].covered[name] if found else 0.0


@pytest.mark.parametrize(
    ("word", "name", "expected"),
    [
        ("velas", "vela", 1.0), ("velas", "velo", SAME_MEANING), ("shoes", "shoe", SAME_MEANING),
        ("remeras", "camiseta", SAME_MEANING), ("camizeta", "camiseta", SAME_MEANING), ("tasa", "taza", SHORT_TYPO),
        ("iphone14", "iphone15", 0.0), ("camisa", "camiseta", 0.0), ("camiseta", "vela", 0.0),
    ],
)  # fmt: skip
def test_what_a_word_may_stand_for(word: str, name: str, expected: float) -> None:
    assert credit(word, name) == expected


def test_a_rare_word_weighs_more_and_a_strange_one_as_much_as_the_rarest() -> None:
    index = Index([["camisa", "azul"], ["camisa", "roja"]], singular)
    assert index.rarity("camisa") < index.rarity("azul") == index.rarity("verde")


LETTERS = st.text("abcdeños1 ", max_size=12) | st.text(max_size=12)
WORD_LISTS = st.lists(LETTERS.map(words), max_size=6)


@given(st.data(), WORD_LISTS, LETTERS.map(words))
def test_neither_the_order_of_the_texts_nor_of_the_words_matters(
    data: st.DataObject, texts: list[list[str]], asked: list[str]
) -> None:
    order = data.draw(st.permutations(range(len(texts))))
    found = {one.position: (one.asked, one.covered) for one in Index(texts, singular).matches(asked)}
    moved = Index([texts[at] for at in order], singular).matches(data.draw(st.permutations(asked)))
    assert {order[one.position]: (one.asked, one.covered) for one in moved} == found


@given(WORD_LISTS, LETTERS.map(words))
def test_credits_are_shares_and_a_text_is_found_by_its_own_words(texts: list[list[str]], asked: list[str]) -> None:
    index = Index(texts)
    for match in index.matches(asked):
        assert match.covered
        assert all(0 <= credit <= 1 for credit in (*match.asked.values(), *match.covered.values()))
        assert 0 <= share(match.covered, index.texts[match.position], index.rarity) <= 1
    for position, text in enumerate(texts):
        own = [match for match in index.matches(text) if match.position == position]
        assert [match.weakest for match in own] == [1.0] * bool(text)


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=6))
def test_a_typo_is_of_another_word_of_letters(word: str, known: list[str]) -> None:
    for other, value in corrections(word, known).items():
        assert other in known
        assert other.isalpha()
        assert 0 < value <= 1


def test_a_huge_message_takes_little_time() -> None:
    index = Index([[f"producto{chr(97 + n % 26) * (n % 9 + 1)}", f"modelo{n}"] for n in range(5_000)], singular)
    message = [f"palabra{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}" for n in range(15_000)]
    begun = time.process_time()
    index.matches([*message, "x" * 100_000])
    assert time.process_time() - begun < 3
