"""Folding, stemming and language detection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.normalize import fold, guess_language, sentences, stem, words


def test_folding_drops_accents_and_case() -> None:
    assert fold("¿CANCELACIÓN, mañana? Não!") == "¿cancelacion, manana? nao!"


def test_words_keep_contractions_together() -> None:
    assert words("Don’t wait: it's 2x1_now") == ["dont", "wait", "its", "2x1", "now"]


def test_sentences_end_at_stops_and_lines_but_not_at_commas() -> None:
    assert sentences("Hola, Ana. ¿Qué tal?\nBien…") == [["hola", "ana"], ["que", "tal"], ["bien"]]


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
