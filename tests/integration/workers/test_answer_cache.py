"""The answer cache: a repeated question is answered without the model."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from core.bots import versions
from core.bots.llm.types import Completion, ModelAnswer, Prompt, Usage
from core.bots.settings import BotSettings
from core.knowledge import retrieval
from core.platform import job_queue
from core.platform.db import transaction
from core.replies import answer_cache
from tests.conftest import TestBusiness
from tests.support.database import column, rows
from tests.support.fake_channel import FakeChannel
from tests.support.inbound import customer_writes
from tests.support.knowledge import teach
from workers import work_loop
from workers.jobs import reply

pytestmark = pytest.mark.usefixtures("short_runs")
QUESTION = "¿Cuánto cuesta el envío?"
REPLY = "Cuesta 5 €."


class Model:
    """Gives one answer to everything, and counts how often it was asked."""

    def __init__(self, **answer: Any) -> None:
        self.given = ModelAnswer(
            **{
                "reply": REPLY, "confidence": 0.9, "topics": ["envío"], "sentiment": "neutral", "language": "es",
                "handoff_reason": None, "summary": None, "states_facts": True, "sources": [], **answer,
            }
        )  # fmt: skip
        self.asked = 0

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        self.asked += 1
        return Completion(self.given, self.given.model_dump_json(), Usage(100, 0, 20), "gpt-6-luna", 5, None)


def set_up(business: TestBusiness, minutes: int = 60, **settings: Any) -> None:
    with transaction(business.business_id) as session:
        new = BotSettings(frequent_minutes=minutes, **settings)
        versions.save(session, business.bot_id, new)


@pytest.fixture
def cited(business: TestBusiness) -> str:
    ids = teach(business.business_id, None, "Envíos", [("", "El envío a domicilio cuesta 5 €.")])
    return f"kb-{ids[0]}"


@pytest.fixture
def thinking(cited: str, monkeypatch: pytest.MonkeyPatch) -> Model:
    model = Model(sources=[cited])
    monkeypatch.setattr(reply, "model", lambda: model)
    return model


def ask(words: str, customer: int) -> None:
    """A customer writes, and the bot does what it does."""
    customer_writes(words, sender=f"549115555000{customer}")
    rows("UPDATE pending_replies SET due_at = now()")
    work_loop.run()


def decided() -> list[str]:
    return column("SELECT decided_by FROM ai_runs ORDER BY id")


def test_another_customer_gets_the_answer_again_for_nothing(
    business: TestBusiness, provider: FakeChannel, thinking: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(business)
    ask(QUESTION, 1)
    monkeypatch.setattr(reply, "passages_for", None)  # nothing is searched for the second
    ask("cuanto  cuesta el ENVIO", 2)
    assert [outgoing.content["text"] for outgoing in provider.sent] == [REPLY, REPLY]
    assert thinking.asked == 1
    assert decided() == ["model", "frequent_answer"]
    first, again = rows("SELECT model, cost_usd, input_tokens, confidence, outcome, trace FROM ai_runs ORDER BY id")
    assert (again.model, again.cost_usd, again.input_tokens) == (None, 0, None)
    assert (again.outcome, again.confidence) == ("reply", first.confidence)
    same = ("sources", "passages", "topics", "sentiment", "language", "grounded", "confidence")
    assert {name: again.trace[name] for name in same} == {name: first.trace[name] for name in same}


def test_switched_off_it_asks_no_redis(
    business: TestBusiness, provider: FakeChannel, thinking: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_cache, "job_queue", None)
    ask(QUESTION, 1)
    ask(QUESTION, 2)
    assert decided() == ["model", "model"]


def test_without_redis_the_model_is_asked(
    business: TestBusiness, provider: FakeChannel, thinking: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        @staticmethod
        def connection() -> redis.Redis:
            return redis.Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=0.2)

    set_up(business)
    monkeypatch.setattr(answer_cache, "job_queue", Away)
    ask(QUESTION, 1)
    ask(QUESTION, 2)
    assert decided() == ["model", "model"]
    assert len(provider.sent) == 2


def test_what_redis_holds_and_nobody_can_read_is_no_answer(
    business: TestBusiness, provider: FakeChannel, thinking: Model
) -> None:
    set_up(business)
    ask(QUESTION, 1)
    (kept_as,) = job_queue.connection().keys("bothub:frequent:*")
    assert 3500 < job_queue.connection().ttl(kept_as) <= 3600
    for spoilt in ("{", "[]", '{"text": "Hola"}'):
        job_queue.connection().set(kept_as, spoilt)
        assert answer_cache.get(kept_as.decode()) is None


@pytest.mark.parametrize("change", ["settings", "knowledge", "catalogue", "facts"])
def test_what_an_answer_depends_on_ends_it(
    business: TestBusiness, provider: FakeChannel, thinking: Model, change: str
) -> None:
    set_up(business)
    ask(QUESTION, 1)
    match change:
        case "settings":
            set_up(business, personality="Otra")
        case "knowledge":
            teach(business.business_id, business.bot_id, "Garantía", [("", "Dos años.")])
            retrieval.clear_cache()
        case "catalogue":
            rows("UPDATE businesses SET catalog_version = gen_random_uuid()")
        case "facts":
            rows('UPDATE businesses SET profile = profile || \'{"hours": "9-17"}\'')
    ask(QUESTION, 2)
    assert decided() == ["model", "model"]


@pytest.mark.parametrize(
    "answer",
    [
        {"reply": "Escriba a ana@example.com.", "states_facts": True},
        {"reply": "¿A qué ciudad?", "states_facts": False, "sources": []},
        {"reply": "Cuesta 7 €.", "confidence": 1.0},
        {"sources": ["kb-999999"]},
        {"sentiment": "negative"},
        {"confidence": 0.1},
    ],
    ids=["personal", "states-nothing", "invented", "no-source", "unhappy", "unsure"],
)
def test_what_may_not_be_told_to_others_is_not_kept(
    business: TestBusiness, provider: FakeChannel, cited: str, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    set_up(business)
    model = Model(**{"sources": [cited], **answer})
    monkeypatch.setattr(reply, "model", lambda: model)
    ask(QUESTION, 1)
    assert model.asked == 1
    assert job_queue.connection().keys("bothub:frequent:*") == []


@pytest.mark.parametrize(
    "words", ["soy Ana Pérez, ¿cuánto cuesta el envío?", "¿Cuánto cuesta el envío del pedido AB-12345?", "???"]
)
def test_a_question_of_one_customer_alone_is_not_kept(
    business: TestBusiness, provider: FakeChannel, thinking: Model, words: str
) -> None:
    set_up(business)
    ask(words, 1)
    assert job_queue.connection().keys("bothub:frequent:*") == []


def test_within_a_conversation_the_model_is_asked(
    business: TestBusiness, provider: FakeChannel, thinking: Model
) -> None:
    set_up(business)
    ask("¿Hacen envíos a domicilio?", 2)
    ask(QUESTION, 1)
    ask(QUESTION, 2)
    assert decided() == ["model", "model", "model"]


def test_whoever_asks_for_a_person_gets_one_all_the_same(
    business: TestBusiness, provider: FakeChannel, thinking: Model
) -> None:
    set_up(business)
    ask("Quiero hablar con una persona: ¿cuánto cuesta el envío?", 1)
    ask("Quiero hablar con una persona: ¿cuánto cuesta el envío?", 2)
    assert decided() == ["keyword", "keyword"]


def test_a_bot_whose_answers_a_person_approves_repeats_none(
    business: TestBusiness, provider: FakeChannel, thinking: Model
) -> None:
    set_up(business, autonomy="draft")
    ask(QUESTION, 1)
    assert thinking.asked == 1
    assert job_queue.connection().keys("bothub:frequent:*") == []
