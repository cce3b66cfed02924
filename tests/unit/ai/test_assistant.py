"""The whole decision: reply, hand off, or do nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.bots.llm.types import Completion, FailureKind, ModelFailed, Prompt, Usage
from core.bots.settings import BotSettings, TopicRule
from core.replies.assistant import APPROVED_PAIR, BOT_OFF, MODEL, compose
from core.replies.confidence import UNKNOWN_SOURCES
from core.replies.decision import BotOff, HandOff, Reply
from core.replies.handoff_rules import Reason
from core.types import Autonomy, Role, Turn
from tests.support.scripted_model import NOON, PAIR, ScriptedModel, fails, request, says


@pytest.mark.parametrize("settings", [{"enabled": False}, {"autonomy": Autonomy.OFF}])
def test_a_bot_that_is_off_says_nothing_and_asks_nothing(settings: dict[str, object]) -> None:
    model = says()
    outcome = compose(request("quiero cancelar", **settings), model)
    assert isinstance(outcome, BotOff)
    assert outcome.trace.decided_by == BOT_OFF
    assert model.prompts == []


def test_a_confident_answer_is_sent_with_its_trace() -> None:
    model = says(" Enviamos a todo el país. ", sources=["[kb-3]", "kb-3"], topics=["envíos"])
    outcome = compose(request(), model)
    assert isinstance(outcome, Reply)
    assert (outcome.text, outcome.draft) == ("Enviamos a todo el país.", False)
    trace = outcome.trace
    assert trace.decided_by == MODEL
    assert trace.prompt_version == model.prompts[0].version
    assert (trace.sources, trace.unknown_sources) == (("kb-3",), ())
    assert trace.grounded is True
    assert trace.confidence == pytest.approx(
        {"model": 0.9, "evidence": 0.7, "raw": 0.86, "result": 0.86, "threshold": 0.6}
    )
    assert (trace.model, trace.request_id, trace.latency_ms) == ("gpt-6-luna", "req_1", 420)
    assert trace.cost == Decimal("0.00015")
    assert trace.usage == Usage(1000, 0, 100)
    assert (trace.topics, trace.sentiment, trace.language) == (("envíos",), "neutral", "es")
    assert trace.error is None


def test_sources_that_do_not_exist_are_removed_and_noted() -> None:
    outcome = compose(request(), says(sources=["kb-3", "kb-99", "https://evil.example"]))
    assert outcome.trace.sources == ("kb-3",)
    assert outcome.trace.unknown_sources == ("kb-99", "https://evil.example")
    assert outcome.trace.confidence["unknown_sources"] == UNKNOWN_SOURCES


def test_a_long_reply_is_left_whole() -> None:
    outcome = compose(request(), says("a" * 9000))
    assert isinstance(outcome, Reply) and len(outcome.text) == 9000


def test_matching_pairs_join_the_passages_that_the_model_sees() -> None:
    model = says(sources=["qa-1"])
    outcome = compose(request("¿los domingos abren temprano?"), model)
    assert [passage.id for passage in outcome.trace.passages] == ["kb-3", "qa-1"]
    assert "[qa-1] ¿Abren los domingos?\n| Sí, de 10 a 14." in model.prompts[0].instructions
    assert outcome.trace.sources == ("qa-1",)


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        ({"confidence": 0.59}, Reason.LOW_CONFIDENCE, "fallback_message"),
        ({"handoff_reason": "wants a refund"}, Reason.MODEL_ASKED, "handoff_message"),
        ({"handoff_reason": "upset", "confidence": 0.1}, Reason.MODEL_ASKED, "handoff_message"),
    ],
)
def test_an_answer_that_should_not_be_sent_ends_with_a_person(
    changes: dict[str, object], reason: Reason, message: str
) -> None:
    asked = request()
    outcome = compose(asked, says("Inventado", **changes))
    assert isinstance(outcome, HandOff)
    assert outcome.reason is reason
    assert outcome.text == getattr(asked.settings, message).es
    assert outcome.trace.decided_by == reason
    assert "Inventado" in (outcome.trace.raw_reply or "")
    assert outcome.trace.cost is not None


def test_confidence_at_the_threshold_is_enough_and_a_blank_reason_is_none() -> None:
    assert isinstance(compose(request(), says(confidence=0.6, handoff_reason=" ")), Reply)


def test_rules_decide_before_the_model_is_asked() -> None:
    model = says()
    asked = request("hola", "quiero hablar con una persona")
    outcome = compose(asked, model)
    assert isinstance(outcome, HandOff)
    assert (outcome.reason, outcome.detail) == (Reason.KEYWORD, "hablar con persona")
    assert outcome.text == asked.settings.handoff_message.es
    assert model.prompts == []
    assert compose(replace(request(), replies_in_a_row=20), model).trace.decided_by == Reason.TURN_CAP
    assert model.prompts == []


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_ends_with_words_and_a_person(kind: FailureKind) -> None:
    asked = request()
    outcome = compose(asked, fails(kind, usage=Usage(1000, 0, 100), request_id="req_9", raw="¿?"))
    assert isinstance(outcome, HandOff)
    expected = {FailureKind.REFUSAL: Reason.REFUSAL, FailureKind.EMPTY: Reason.EMPTY}.get(kind, Reason.FAILURE)
    assert outcome.reason is expected
    message = asked.settings.apology_message if expected is Reason.FAILURE else asked.settings.fallback_message
    assert outcome.text == message.es
    trace = outcome.trace
    assert trace.error == f"{kind}: it went wrong"
    assert (trace.cost, trace.request_id, trace.latency_ms, trace.raw_reply) == (Decimal("0.00015"), "req_9", 99, "¿?")


def test_when_the_model_fails_an_approved_pair_answers_if_it_is_sure() -> None:
    outcome = compose(request("hola", "abren los domingos?"), fails(FailureKind.TIMEOUT))
    assert isinstance(outcome, Reply)
    assert outcome.text == PAIR.answer
    trace = outcome.trace
    assert (trace.decided_by, trace.sources) == (APPROVED_PAIR, ("qa-1",))
    assert [passage.id for passage in trace.passages] == ["qa-1", "kb-3"]
    assert trace.error == "timeout: it went wrong"


def test_without_a_model_the_bot_answers_what_it_is_sure_of_and_hands_over_the_rest() -> None:
    sure = compose(request("¿abren los domingos?"), None)
    assert isinstance(sure, Reply) and sure.text == PAIR.answer
    unsure = compose(request("¿abren los sábados?"), None)
    assert isinstance(unsure, HandOff)
    assert (unsure.reason, unsure.trace.decided_by) == (Reason.NO_MODEL, Reason.NO_MODEL)


def test_in_draft_mode_nothing_is_said_without_approval() -> None:
    reply = compose(request(autonomy=Autonomy.DRAFT), says())
    assert isinstance(reply, Reply) and reply.draft
    offline = compose(request("¿abren los domingos?", autonomy=Autonomy.DRAFT), None)
    assert isinstance(offline, Reply) and offline.draft
    handed = compose(request("quiero cancelar", autonomy=Autonomy.DRAFT), says())
    assert isinstance(handed, HandOff) and handed.text is None


def test_a_topic_can_have_less_autonomy_than_the_bot_but_not_more() -> None:
    rules = (TopicRule(topic="Precios", autonomy=Autonomy.DRAFT), TopicRule(topic="Legal", autonomy=Autonomy.OFF))
    drafted = compose(request(topics=rules), says(topics=["precios", "otro"]))
    assert isinstance(drafted, Reply) and drafted.draft
    barred = compose(request(topics=rules), says(topics=["precios", "LEGAL "]))
    assert isinstance(barred, HandOff) and barred.reason is Reason.TOPIC
    freer = (TopicRule(topic="Precios", autonomy=Autonomy.AUTOMATIC),)
    outcome = compose(request(topics=freer, autonomy=Autonomy.DRAFT), says(topics=["precios"]))
    assert isinstance(outcome, Reply) and outcome.draft


@pytest.mark.parametrize(
    ("text", "settings", "answered_in", "expected"),
    [
        ("can I speak to a human?", {}, None, "en"),
        ("quero cancelar o meu pedido", {}, None, "pt"),
        ("can I speak to a human?", {"language": "pt"}, None, "pt"),
        ("Zzyx", {}, "en", "en"),
        ("Zzyx", {}, "pt-BR", "pt"),
        ("Zzyx", {}, "fr", "es"),
        ("[order] 2 × ZAP-42 (45.5 USD)", {}, "en", "es"),
        ("[contacts] John Smith", {}, "en", "es"),
        ("[image]", {}, "en", "es"),
        ("[image] like this one", {}, "en", "en"),
    ],
)
def test_the_customer_is_addressed_in_a_language_they_use(
    text: str, settings: dict[str, object], answered_in: str | None, expected: str
) -> None:
    asked = request(text, **settings)
    outcome = compose(asked, says(language=answered_in or "es", handoff_reason="asked"))
    assert isinstance(outcome, HandOff)
    assert outcome.text == getattr(asked.settings.handoff_message, expected)


def test_a_model_without_a_known_price_has_no_cost() -> None:
    asked = request()
    early = replace(asked, turns=(replace(asked.turns[0], at=NOON - timedelta(days=365)),))
    assert compose(early, says()).trace.cost is None


def test_bugs_are_raised_and_not_turned_into_apologies() -> None:
    class Broken(ScriptedModel):
        def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        compose(request(), Broken(ModelFailed(FailureKind.SERVER, "")))
    answered = replace(request(), turns=(Turn(Role.BOT, "hola", NOON),))
    with pytest.raises(ValueError, match="customer"):
        compose(answered, says())
