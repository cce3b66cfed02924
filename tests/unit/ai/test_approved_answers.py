"""Retrieval over approved pairs, measured on paraphrases, typos and traps in three languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots.approved_answers import same_question, search, sure_answer
from core.bots.settings import QaPair

QUESTIONS = {
    "es": {
        "hours": "¿Cuál es el horario de atención?",
        "sunday": "¿Abren los domingos?",
        "ship_price": "¿Cuánto cuesta el envío?",
        "ship_time": "¿Cuánto tarda el envío?",
        "card": "¿Puedo pagar con tarjeta?",
        "exchange": "¿Puedo cambiar un producto?",
        "where": "¿Dónde está la tienda?",
        "warranty": "¿Los zapatos tienen garantía?",
        "wholesale": "¿Venden al por mayor?",
    },
    "en": {
        "where": "Where is the store?",
        "ship_price": "How much is shipping?",
        "sunday": "Are you open on Sundays?",
        "card": "Do you accept credit cards?",
        "gift": "Do you offer gift wrapping?",
        "track": "How can I track my order?",
    },
    "pt": {
        "ship_price": "Quanto custa o frete?",
        "sunday": "Vocês abrem aos domingos?",
        "pix": "Posso pagar com Pix?",
        "where": "Onde fica a loja?",
        "exchange": "Como faço para trocar um produto?",
        "warranty": "Os sapatos têm garantia?",
    },
}

MEANT = [
    ("es", "¿Cuál es el horario de atención?", "hours"),
    ("es", "cual es el orario de atencion", "hours"),
    ("es", "hola buenas! me dicen el horario de atencion por favor?", "hours"),
    ("es", "ABREN LOS DOMINGOS", "sunday"),
    ("es", "abre el domingo?", "sunday"),
    ("es", "¿están abiertos los domingos?", "sunday"),
    ("es", "cuanto sale el envio", "ship_price"),
    ("es", "cuánto vale el envío", "ship_price"),
    ("es", "precio del envío?", "ship_price"),
    ("es", "Buenas tardes, quisiera saber cuánto cuestan los envíos", "ship_price"),
    ("es", "cuanto cuesta el enbio", "ship_price"),
    ("es", "cuanto tarda el envio??", "ship_time"),
    ("es", "cuánto tardan los envíos", "ship_time"),
    ("es", "se puede pagar con targeta", "card"),
    ("es", "puedo pagar con tarjetas?", "card"),
    ("es", "quiero cambiar un producto", "exchange"),
    ("es", "donde esta la tienda", "where"),
    ("es", "los zapatos tienen garantia?", "warranty"),
    ("es", "venden x mayor", "wholesale"),
    ("es", "a q hora abren??", "hours"),
    ("es", "q horario tienen", "hours"),
    ("en", "how much does shipping cost?", "ship_price"),
    ("en", "What is the price of shipping", "ship_price"),
    ("en", "hi there, where's the store?", "where"),
    ("en", "where is your store", "where"),
    ("en", "do you open on sunday", "sunday"),
    ("en", "are you open sundays?", "sunday"),
    ("en", "do you acept credit cards", "card"),
    ("en", "is gift wrapping available", None),
    ("en", "do you have gift wraping?", "gift"),
    ("en", "how do I track my order", "track"),
    ("pt", "quanto é o frete?", "ship_price"),
    ("pt", "qual o preço do frete", "ship_price"),
    ("pt", "oi, quanto custa o frete por favor", "ship_price"),
    ("pt", "abrem no domingo", None),
    ("pt", "voces abrem aos domingos", "sunday"),
    ("pt", "pagar com pix pode?", "pix"),
    ("pt", "onde fica a lója", "where"),
    ("pt", "os sapatos tem garantia", "warranty"),
]

TRAPS = [
    ("es", "¿Abren los sábados?"),
    ("es", "¿Abren los domingos feriados?"),
    ("es", "¿Cierran los domingos?"),
    ("es", "¿abren?"),
    ("es", "¿a qué hora abren los feriados?"),
    ("es", "¿a qué hora llega el pedido?"),
    ("es", "quiero el producto x"),
    ("es", "¿Cuándo sale el envío?"),
    ("es", "¿Cuánto cuesta el envío a Chile?"),
    ("es", "¿Cuánto cuesta?"),
    ("es", "¿Cuánto tarda la devolución del envío?"),
    ("es", "¿Por qué no puedo pagar con tarjeta?"),
    ("es", "¿Por qué cuesta el envío?"),
    ("es", "¿Cuánto está demorando el envío?"),
    ("es", "¿Puedo pagar sin tarjeta?"),
    ("es", "¿Puedo pagar con tarjeta en cuotas?"),
    ("es", "¿Puedo cambiar la dirección?"),
    ("es", "¿Puedo cambiar un producto usado?"),
    ("es", "¿Dónde está mi pedido?"),
    ("es", "¿Dónde está la tienda de Córdoba y abren los domingos?"),
    ("es", "¿Los zapatos son de cuero?"),
    ("es", "¿Las botas tienen garantía?"),
    ("es", "¿Venden zapatos?"),
    ("es", "mi pago fue rechazado"),
    ("es", "hola"),
    ("es", "gracias"),
    ("es", "👍"),
    ("es", "el envío llegó roto"),
    ("es", "me cobraron el envío"),
    ("es", "no me cobren el envío"),
    ("en", "Where is my order?"),
    ("en", "Is the store open?"),
    ("en", "How much is international shipping?"),
    ("en", "How long is shipping?"),
    ("en", "How much does shipping weigh?"),
    ("en", "Are you open on Saturdays?"),
    ("en", "Do you accept gift cards?"),
    ("en", "Do you not accept credit cards?"),
    ("en", "my credit card was charged twice"),
    ("en", "How can I cancel my order?"),
    ("pt", "Quanto tempo demora o frete?"),
    ("pt", "Vocês abrem aos sábados?"),
    ("pt", "Posso pagar com boleto?"),
    ("pt", "Posso pagar sem Pix?"),
    ("pt", "Onde fica o meu pedido?"),
    ("pt", "Como faço para trocar a senha?"),
    ("pt", "As botas têm garantia?"),
]


def pairs(language: str) -> tuple[QaPair, ...]:
    return tuple(
        QaPair(question=question, answer=f"answer:{name}", approved=True)
        for name, question in QUESTIONS[language].items()
    )


@pytest.mark.parametrize(("language", "question", "expected"), MEANT)
def test_a_paraphrase_is_answered_or_left_to_a_person(language: str, question: str, expected: str | None) -> None:
    found = sure_answer(pairs(language), question)
    assert (found and found.text) == (expected and f"answer:{expected}")


@pytest.mark.parametrize(("language", "question"), TRAPS)
def test_a_question_that_only_looks_alike_is_never_answered(language: str, question: str) -> None:
    assert sure_answer(pairs(language), question) is None


def test_search_puts_the_meant_pair_first_even_when_not_sure() -> None:
    found = search(pairs("es"), "¿cuánto cuesta el envío a Chile?", limit=2)
    assert [passage.title for passage in found] == ["¿Cuánto cuesta el envío?", "¿Cuánto tarda el envío?"]
    assert found[0].id == "qa-3"
    assert 1 > found[0].score > found[1].score > 0


def test_search_returns_nothing_for_a_stranger() -> None:
    assert search(pairs("en"), "quantum chromodynamics", limit=3) == []


def test_a_pair_that_nobody_approved_is_not_used() -> None:
    draft = (QaPair(question="¿Abren los domingos?", answer="Sí"),)
    assert search(draft, "¿abren los domingos?", limit=3) == []
    assert sure_answer(draft, "¿abren los domingos?") is None


def test_ids_do_not_move_when_an_earlier_pair_loses_its_approval() -> None:
    first, second = QaPair(question="¿Hola?", answer="a"), QaPair(question="¿Abren hoy?", answer="b", approved=True)
    found = sure_answer((first, second), "abren hoy")
    assert found is not None and found.id == "qa-2"


def test_two_different_answers_to_one_question_are_no_answer() -> None:
    rivals = tuple(QaPair(question="¿Abren los domingos?", answer=answer, approved=True) for answer in ("Sí", "No"))
    assert sure_answer(rivals, "abren los domingos") is None


def test_two_wordings_of_one_answer_do_not_compete() -> None:
    wordings = tuple(
        QaPair(question=question, answer="Sí", approved=True)
        for question in ("¿Abren los domingos?", "¿Están abiertos los domingos?")
    )
    found = sure_answer(wordings, "¿están abiertos los domingos?")
    assert found is not None and found.text == "Sí"


def test_the_time_of_day_matters_unless_it_greets() -> None:
    open_now = (QaPair(question="¿Están abiertos?", answer="Sí", approved=True),)
    assert sure_answer(open_now, "¿están abiertos de noche?") is None
    assert sure_answer(open_now, "buenas noches, ¿están abiertos?") is not None


def test_a_slip_is_not_believed_without_a_certain_word_beside_it() -> None:
    price_list = (QaPair(question="¿Cuál es el coste?", answer="10", approved=True),)
    assert sure_answer(price_list, "¿cuál es el corte?") is None


@given(st.text(max_size=80))
def test_scores_stay_within_bounds_and_the_same_words_are_certain(question: str) -> None:
    listed = pairs("es") + ((QaPair(question=question, answer="own", approved=True),) if question else ())
    found = search(listed, question, limit=20)
    assert all(0 <= passage.score <= 1 for passage in found)
    if question:
        assert found[0].score == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("¿Cuánto cuesta el envío?", "cuanto cuesta el envio??"),
        ("¿Cuánto cuesta el envío?", "hola, cuánto vale el envío por favor"),
        ("Where is my order?", "where is my ordre"),
    ],
)
def test_the_same_question_is_recognised(first: str, second: str) -> None:
    assert same_question(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("hola", "hola"),
        ("muchas gracias", "muchas gracias"),
        ("sí", "sí"),
        ("¿tienen camisas rojas?", "¿tienen camisas negras?"),
        ("precio talla 38", "precio talla 39"),
        ("¿Cuánto cuesta el envío?", "¿Cuánto tarda el envío?"),
    ],
)
def test_courtesies_and_neighbouring_questions_are_not_repetitions(first: str, second: str) -> None:
    assert not same_question(first, second)
