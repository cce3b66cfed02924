"""Which phrases a message contains, and whether it means them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots.settings import Keywords
from core.replies.sentiment import STRONG_WORDS
from core.text.phrases import find_phrase

KEYWORDS = Keywords().all()


@pytest.mark.parametrize(
    "text",
    [
        # Synonyms, and the imperatives of Latin American Spanish.
        "comuníqueme con un asesor",
        "pásame con alguien que sepa",
        "transfiérame con una operadora",
        "me conecta con una ejecutiva",
        "llámenme, es urgente",
        "puede llamarme alguien de ustedes",
        "quiero un humano",
        "¿hay alguna persona ahí?",
        "¿quién es el gerente? Quiero hablar con él",
        "I'd prefer an actual human",
        "could someone call me",
        "put me through, I need to speak with sales",
        "tem alguém aí?",
        "prefiro um atendente",
        # Complaints and money by their other names.
        "quiero presentar una queja",
        "necesito anular la compra",
        "devuélvanme la plata",
        "I wish to file a complaint",
        "quero meu dinheiro de volta",
        # Danger.
        "sale humo del enchufe",
        "me quemé con el vapor",
        "the kettle caught fire",
        "tomei, quer dizer, levei um choque",
        # The customer's own case is not a question about the rules.
        "¿cuál es el estado de mi cancelación?",
        "what is happening with my refund",
    ],
)
def test_what_is_meant_is_heard_in_other_words(text: str) -> None:
    assert find_phrase([text], KEYWORDS) is not None


@pytest.mark.parametrize(
    "text",
    [
        "ya hablé con una persona y me dijo que sí",
        "the person I talked to was very kind",
        "mi gerente me recomendó el café",
        "a present for my manager",
        "¿quién es el gerente de la tienda?",
        "¿cómo se llama la supervisora?",
        "who manages the store?",
        "what is your refund policy?",
        "¿cuánto tarda un reembolso? pregunto por la política de devolver dinero",
        "quiero un regalo para una persona mayor",
        "quiero una mesa para dos personas",
        "soy agente de viajes, ¿venden por mayor?",
        "que no se queme la leche",
        "no necesito hablar con nadie",
        "não é urgente",
        # Words of danger that are goods elsewhere.
        "galletas con chispas de chocolate",
        "¿se cocina a fuego lento?",
        "el vestido color humo",
        "smoked salmon and sparkling water",
    ],
)
def test_what_only_sounds_alike_is_not(text: str) -> None:
    assert find_phrase([text], KEYWORDS) is None


@pytest.mark.parametrize(
    "text",
    [
        "qué pésima atención",
        "the worst customer service I have seen",
        "péssimo atendimento",
        "ya perdí la paciencia",
        "I'm losing patience",
        "estoy muy enojada",
        "nunca más les compro nada",
        "I feel ripped off",
    ],
)
def test_anger_is_heard_in_other_words(text: str) -> None:
    assert find_phrase([text], STRONG_WORDS) is not None


@pytest.mark.parametrize("text", ["no estoy molesto", "I'm not upset", "la atención no es mala", "un servicio de té"])
def test_calm_words_are_not_anger(text: str) -> None:
    assert find_phrase([text], STRONG_WORDS) is None


def test_a_phrase_in_quotes_is_said_word_for_word() -> None:
    phrases = ('"me quemé"',)
    assert find_phrase(["ayer me quemé"], phrases) == '"me quemé"'
    assert find_phrase(["se quema"], phrases) is None
    assert find_phrase(["me lo quemé"], phrases) is None


def test_a_phrase_of_nothing_but_small_words_is_still_one() -> None:
    assert find_phrase(["a ti"], ("a ti",)) == "a ti"
    assert find_phrase(["hola"], ('""', "?!", "...")) is None


@given(st.lists(st.text(max_size=60), max_size=3), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_and_any_phrases_are_borne(messages: list[str], phrases: list[str]) -> None:
    found = find_phrase(messages, tuple(phrases))
    assert found is None or found in phrases
