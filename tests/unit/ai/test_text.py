"""Folding, tokens, stemming and language detection."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.normalize import fold, guess_language, sentences, singular, stem, tokens, words


def test_folding_drops_accents_and_case() -> None:
    assert fold("¿CANCELACIÓN, mañana? Não!") == "¿cancelacion, manana? nao!"


def test_words_keep_contractions_together() -> None:
    assert words("Don’t wait: it's 2x1_now") == ["dont", "wait", "its", "2x1", "now"]


def test_sentences_end_at_stops_and_lines_but_not_at_commas() -> None:
    assert sentences("Hola, Ana. ¿Qué tal?\nBien…") == [["hola", "ana"], ["que", "tal"], ["bien"]]


def test_tokens_keep_the_marks_and_units_of_numbers() -> None:
    assert [one.text for one in tokens("½ kg, 1.500,5kg\n3/4 d'água CAM-01!")] == [
        "½", "kg", ",", "1.500,5kg", "\n", "3/4", "d'água", "CAM", "-", "01", "!",
    ]  # fmt: skip


def test_an_apostrophe_may_part_thousands() -> None:
    assert [one.key for one in tokens("1'234.50 fr. d'eau")] == ["1234.50", "fr", ".", "deau"]


def test_a_letter_keeps_an_accent_that_is_written_apart() -> None:
    apart = unicodedata.normalize("NFD", "Camión azul")
    assert [one.key for one in tokens(apart)] == words(apart) == ["camion", "azul"]


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(), st.text())
def test_words_stay_words_and_depend_on_nothing_around_them(one: str, other: str) -> None:
    found = words(one)
    assert words(" ".join(found)) == found
    assert words(f"{one} {other}") == found + words(other)


@given(st.text(st.characters(categories=("Ll", "Lu", "Nd", "Zs", "Mn", "Po"), max_codepoint=0x36F)))
def test_tokens_have_every_letter_of_the_words_in_their_places(text: str) -> None:
    found = list(tokens(text))
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(one.end <= later.start for one, later in pairwise(found))
    assert "".join(word for one in found for word in words(one.text)) == "".join(words(text))


@pytest.mark.parametrize("text", ["a" * 300_000, "1.1," * 75_000, "e\u0301" * 150_000, "'’" * 150_000, "ﷺ" * 50_000])
def test_a_huge_text_takes_little_time(text: str) -> None:
    begun = time.process_time()
    assert all(len(word) <= 64 for word in words(text))
    assert sum(len(stem(word)) for word in words(text)) <= 18 * len(text)
    assert sum(1 for _ in tokens(text)) <= len(text)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "forms",
    [
        "cancelar cancela cancelo cancelacion cancelado cancelarlo cancelenme cancelled canceling cancellation",
        "devolver devuelvan devolucion devuelven devuelvanme devolucao",
        "quejarme quejo queja quejar quejarse",
        "persona personas person persons",
        "humano humanos humana human humans",
        "supervisor supervisora supervisores supervisors",
        "emergencia emergencias emergency emergencies",
    ],
)
def test_forms_of_a_word_share_a_stem(forms: str) -> None:
    assert len({stem(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(("one", "other"), [("persona", "personal"), ("cancelar", "cancer"), ("cancelar", "canela")])
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@given(st.text(max_size=30))
def test_a_stem_is_never_lost(word: str) -> None:
    assert bool(stem(word)) is bool(word)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hola, ¿cuánto cuesta el envío?", "es"),
        ("necesito ayuda con mi pedido", "es"),
        ("oi, quanto custa o frete?", "pt"),
        ("Vocês abrem aos domingos?", "pt"),
        ("how much is shipping", "en"),
        ("I need help with my order", "en"),
    ],
)
def test_the_language_of_an_ordinary_question_is_recognised(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_a_message_without_a_language_takes_the_default() -> None:
    assert guess_language("👍 123", "pt") == "pt"


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("camisas", "camisa"), ("cafes", "cafe"), ("flores", "flor"), ("postres", "postre"), ("cables", "cable"),
        ("papeles", "papel"), ("llaves", "llave"), ("botoes", "botao"), ("papeis", "papel"), ("boxes", "box"),
        ("dresses", "dress"), ("gas", "gas"), ("pan", "pan"),
    ],
)  # fmt: skip
def test_the_singular_of_a_noun(many: str, one: str) -> None:
    assert singular(many) == singular(one)


@given(st.text(max_size=30).map(fold))
def test_a_singular_is_never_lost(word: str) -> None:
    assert bool(singular(word)) is bool(word)
