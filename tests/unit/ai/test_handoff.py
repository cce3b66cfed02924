"""Hand-off rules that need no model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots.settings import BotSettings, Keywords
from core.replies import handoff_rules
from core.replies.handoff_rules import Reason, asked_for_person, asked_twice, before_model
from core.types import Role, Turn

KEYWORDS = Keywords().all()
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def turn(role: Role, text: str, minutes: float = 0, *, readable: bool = True) -> Turn:
    return Turn(role, text, NOON + timedelta(minutes=minutes), readable)


@pytest.mark.parametrize(
    "text",
    [
        "quiero hablar con una persona",
        "hablar, por favor, con una persona",
        "¿Me pasas? QUIERO HABLAR CON UN HUMANO",
        "quisiera quejarme",
        "me quiero quejar",
        "estoy muy enfadada",
        "páseme con el gerente",
        "con la supervisora",
        "cancelen mi pedido",
        "¿cómo cancelo?",
        "CANCELACIÓN",
        "que me devuelvan el dinero",
        "quiero la devolución de mi dinero",
        "tengo un problema muy urgente",
        "es una emergencia",
        "I want to talk to a real human",
        "can I speak with a person please",
        "I'd like a refund",
        "please cancel it",
        "cancellation",
        "quero falar com uma pessoa",
        "preciso falar com um atendente",
        "é uma emergência",
        # A complaint with a negation is still a complaint.
        "no me devuelven el dinero",
        "¿por qué no me devuelven el dinero?",
        "no puedo cancelar mi pedido",
        "I can't cancel my order",
        "you will not refund my money",
        # The negation concerns something else.
        "no quiero hablar con un bot, quiero hablar con una persona",
        "No, gracias. Quiero hablar con una persona",
        "no quiero esperar más, cancelen el pedido",
    ],
)
def test_a_customer_who_asks_for_a_person_is_heard(text: str) -> None:
    trigger = asked_for_person([text], KEYWORDS)
    assert trigger is not None
    assert trigger.reason is Reason.KEYWORD
    assert trigger.detail in KEYWORDS


@pytest.mark.parametrize(
    "text",
    [
        "no quiero cancelar",
        "no quiero que me cancelen el pedido",
        "no voy a cancelar",
        "no es una emergencia",
        "no estoy enfadado",
        "no hace falta hablar con una persona",
        "el problema no es urgente",
        "it is not an emergency",
        "it isn't an emergency",
        "I don't want to cancel",
        "no need to speak to a person",
        "não quero cancelar",
        "não é uma emergência",
        # Words that only look similar, and words of a phrase in different sentences.
        "personalizar una camiseta",
        "quiero hablar del producto personal",
        "¿cuántas personas caben?",
        "el canal de noticias",
        "canela y cáncer",
        "Hablo español. Una persona me recomendó la tienda",
        "tengo un problema con el color y la talla pero nada urgente",
    ],
)
def test_other_messages_leave_the_bot_in_charge(text: str) -> None:
    assert asked_for_person([text], KEYWORDS) is None


def test_any_message_of_a_burst_counts() -> None:
    trigger = asked_for_person(["hola", "el gerente?"], KEYWORDS)
    assert trigger is not None and trigger.detail == "gerente"


def test_phrases_are_the_administrators() -> None:
    assert asked_for_person(["quiero cancelar"], ("hablar con Marta",)) is None
    trigger = asked_for_person(["¿puedo hablar con la señora Marta?"], ("hablar con Marta",))
    assert trigger is not None and trigger.detail == "hablar con Marta"


def test_a_phrase_of_fillers_alone_is_still_a_phrase() -> None:
    assert asked_for_person(["hola"], ("a mi",)) is None
    assert asked_for_person(["a mí"], ("a mi",)) is not None


@given(
    st.sampled_from(KEYWORDS),
    st.sampled_from(["", "hola, ", "buenas! ", "please ", "bom dia; "]),
    st.sampled_from(["", " por favor", "!!!", " ya", " 🙏"]),
    st.booleans(),
)
def test_every_default_phrase_is_found_in_any_dressing(keyword: str, before: str, after: str, loud: bool) -> None:
    text = before + (keyword.upper() if loud else keyword) + after
    assert asked_for_person([text], KEYWORDS) is not None


@given(st.lists(st.sampled_from(KEYWORDS) | st.text(max_size=60), max_size=4))
def test_the_first_message_that_asks_decides(messages: list[str]) -> None:
    each = [asked_for_person([message], KEYWORDS) for message in messages]
    assert asked_for_person(messages, KEYWORDS) == next((trigger for trigger in each if trigger), None)


def test_the_turn_cap_counts_up_to_and_including_the_cap() -> None:
    assert handoff_rules.turn_cap(19, 20) is None
    trigger = handoff_rules.turn_cap(20, 20)
    assert trigger is not None and trigger.reason is Reason.TURN_CAP


def test_only_a_burst_with_nothing_readable_goes_to_a_person() -> None:
    image = turn(Role.CUSTOMER, "[image]", readable=False)
    trigger = handoff_rules.unsupported([image, image])
    assert trigger is not None and trigger.reason is Reason.UNSUPPORTED_CONTENT
    assert handoff_rules.unsupported([image, turn(Role.CUSTOMER, "¿tienen este?")]) is None


def test_the_threshold_itself_is_confident_enough() -> None:
    assert handoff_rules.below_threshold(0.6, 0.6) is None
    trigger = handoff_rules.below_threshold(0.59, 0.6)
    assert trigger is not None and trigger.reason is Reason.LOW_CONFIDENCE


def asked_again(minutes: float, between: Role = Role.BOT) -> list[Turn]:
    return [
        turn(Role.CUSTOMER, "¿Cuánto cuesta el envío?"),
        turn(between, "Depende de la zona.", 1),
        turn(Role.CUSTOMER, "cuanto cuesta el envio??", minutes),
    ]


def test_a_question_asked_again_after_the_bots_answer_goes_to_a_person() -> None:
    trigger = asked_twice(asked_again(5))
    assert trigger is not None
    assert (trigger.reason, trigger.detail) == (Reason.ASKED_TWICE, "cuanto cuesta el envio??")


def test_a_question_asked_again_the_next_day_is_a_new_question() -> None:
    assert asked_twice(asked_again(60 * 24)) is None


def test_a_question_repeated_to_an_agent_or_before_any_answer_is_not_the_bots_failure() -> None:
    assert asked_twice(asked_again(5, Role.AGENT)) is None
    assert (
        asked_twice([turn(Role.CUSTOMER, "cuánto cuesta el envío"), turn(Role.CUSTOMER, "cuánto cuesta el envío", 1)])
        is None
    )


def test_a_request_for_a_person_is_named_before_the_turn_cap() -> None:
    turns = [turn(Role.CUSTOMER, "quiero cancelar")]
    trigger = before_model(BotSettings(), turns, replies_in_a_row=50)
    assert trigger is not None and trigger.reason is Reason.KEYWORD


def test_an_ordinary_message_calls_no_rule() -> None:
    assert before_model(BotSettings(), [turn(Role.CUSTOMER, "¿abren hoy?")], replies_in_a_row=0) is None
