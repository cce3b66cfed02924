"""Upset customers, and the hand-off summary."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.channels.content import plain_text
from core.replies.assistant import compose
from core.replies.decision import ComposeRequest, HandOff, Reply
from core.replies.handoff_rules import Reason, upset
from core.replies.handoff_summary import summarise
from core.types import Role, Turn
from tests.support.scripted_model import NOON, request, says


@pytest.mark.parametrize(
    "text",
    [
        "Son unos estafadores!!",
        "ESTO ES UNA ESTAFA",
        "es una verguenza como atienden",
        "Estoy harta de esperar",
        "estoy furiosa con ustedes",
        "su servicio es una mierda",
        "me estan tomando el pelo",
        "los voy a denunciar mañana",
        "This is a scam",
        "this is totally unacceptable",
        "I'm fed up with you guys",
        "worst service ever",
        "I'll sue you",
        "Isso é inaceitável",
        "vocês são uns ladrões",
        "que vergonha... é uma vergonha isso",
        "estou cansada de esperar",
    ],
)
def test_strong_words_bring_in_a_person(text: str) -> None:
    outcome = compose(request(text), says())
    assert isinstance(outcome, HandOff) and outcome.reason in (Reason.SENTIMENT, Reason.KEYWORD)
    assert outcome.text in request().settings.handoff_message.model_dump().values()


@pytest.mark.parametrize(
    "text",
    [
        "hola, ¿a qué hora abren?",
        "no es una estafa, ¿verdad?",
        "¿tienen la camisa de harto algodón?",
        "me da vergüenza preguntar",
        "what is the worst case for delivery?",
        "does the card have scam protection?",
        "Sue asked for two shirts",
        "não é uma vergonha pedir desconto",
        "quanto custa o golpe de vista?",
        "estou cansado, queria um sofá",
        "gracias, muy amables",
    ],
)
def test_other_words_do_not(text: str) -> None:
    assert upset([text]) is None


def test_one_unhappy_message_is_answered_and_a_second_in_a_row_is_not() -> None:
    unhappy = says("Lo siento mucho.", sentiment="negative")
    assert isinstance(compose(request("llegó roto"), unhappy), Reply)
    again = compose(replace(request("llegó roto"), last_sentiment="negative"), unhappy)
    assert isinstance(again, HandOff) and again.reason is Reason.SENTIMENT
    better = compose(replace(request("ah, gracias"), last_sentiment="negative"), says(sentiment="neutral"))
    assert isinstance(better, Reply)


def test_a_bot_can_be_told_to_bear_it() -> None:
    calm = replace(request("es una vergüenza", handoff_on_anger=False), last_sentiment="negative")
    assert isinstance(compose(calm, says(sentiment="negative")), Reply)


def test_the_models_summary_is_kept_when_it_hands_over() -> None:
    told = "Quiere cambiar  la talla.\nNo se le dijo nada."
    outcome = compose(request("¿puedo cambiar la talla?"), says(handoff_reason="exchange", summary=told))
    assert isinstance(outcome, HandOff)
    assert outcome.summary.words == "Quiere cambiar la talla. No se le dijo nada."


def conversation() -> ComposeRequest:
    said = [
        (Role.CUSTOMER, "hola"),
        (Role.BOT, "¡Hola! ¿En qué le ayudo?"),
        (Role.CUSTOMER, "¿cuándo llega mi pedido 1234?"),
        (Role.BOT, "No tengo ese dato."),
        (Role.CUSTOMER, "quiero hablar con una persona"),
    ]
    turns = tuple(Turn(role, text, NOON + timedelta(minutes=n)) for n, (role, text) in enumerate(said))
    return replace(request(), turns=turns)


def test_without_the_model_the_summary_is_what_was_said() -> None:
    outcome = compose(conversation(), None)
    assert isinstance(outcome, HandOff) and outcome.reason is Reason.KEYWORD
    assert outcome.summary.words == ""
    assert outcome.summary.asked == "hola / ¿cuándo llega mi pedido 1234? / quiero hablar con una persona"
    assert outcome.summary.tried == "No tengo ese dato."


def test_a_summary_is_short_and_ends_with_the_newest_words() -> None:
    turns = [Turn(Role.CUSTOMER, "x" * 500 + " fin\0", NOON), Turn(Role.BOT, "y" * 500, NOON)]
    summary = summarise(turns, "z" * 5000)
    assert (len(summary.words), len(summary.asked), len(summary.tried)) == (600, 300, 200)
    assert summary.asked.startswith("…") and summary.asked.endswith("x fin")
    assert summary.tried.endswith("y…")


def test_a_summary_shows_signs_for_what_is_not_text() -> None:
    said = ["[reply_to: ¿Talla?]\n[image] la roja [hola]", "[audio]", "[unsupported: poll]"]
    turns = [Turn(Role.CUSTOMER, text, NOON) for text in said]
    assert summarise(turns, None).asked == "↩ ¿Talla? 📷 la roja [hola] / 🎤 / ❔ poll"


@pytest.mark.parametrize(
    "kind", sorted(plain_text.FILES | {"location", "contacts", "order", "call", "template", "unknown"})
)
def test_every_kind_of_message_has_a_sign(kind: str) -> None:
    assert "[" not in summarise([Turn(Role.CUSTOMER, f"[{plain_text.unread(kind, {})}]", NOON)], None).asked
