"""Replies use the passages found for a question."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.bots.llm.types import Completion, ModelAnswer, Prompt, Usage
from core.bots.settings import BotSettings
from core.knowledge.retrieval import question_in
from core.types import Role, Turn
from tests.conftest import TestBusiness
from tests.support.database import one
from tests.support.fake_channel import FakeChannel
from tests.support.inbound import customer_writes
from tests.support.knowledge import teach
from workers import work_loop
from workers.jobs import reply

pytestmark = pytest.mark.usefixtures("short_runs")
NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


class Model:
    """A model that repeats and cites the first passage."""

    def __init__(self, cited: str) -> None:
        self.cited = cited
        self.prompts: list[Prompt] = []

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        self.prompts.append(prompt)
        answer = ModelAnswer(
            reply="Cuesta 5 €.",
            confidence=0.9,
            topics=["envío"],
            sentiment="neutral",
            language="es",
            handoff_reason=None,
            summary=None,
            states_facts=True,
            sources=[self.cited],
        )
        return Completion(answer, answer.model_dump_json(), Usage(100, 0, 20), "gpt-6-luna", 5, None)


def test_an_answer_rests_on_the_passage_that_was_found(
    business: TestBusiness, provider: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = teach(business.business_id, None, "Envíos", [("", "El envío a domicilio cuesta 5 €."), ("", "Hay garantía.")])
    thinking = Model(f"kb-{ids[0]}")
    monkeypatch.setattr(reply, "model", lambda: thinking)
    customer_writes("¿Cuánto cuesta el envío?")
    work_loop.run()
    assert [outgoing.content["text"] for outgoing in provider.sent] == ["Cuesta 5 €."]
    assert f"[kb-{ids[0]}] Envíos\n| El envío a domicilio cuesta 5 €." in thinking.prompts[0].instructions
    assert "garantía" not in thinking.prompts[0].instructions
    trace = one("SELECT trace FROM ai_runs")
    assert trace["sources"] == [f"kb-{ids[0]}"]
    assert [passage["id"] for passage in trace["passages"]] == trace["sources"]


def test_a_question_that_says_little_goes_on_from_the_one_before() -> None:
    def asked(*words: tuple[Role, str]) -> str:
        return question_in([Turn(role, text, NOW) for role, text in words])

    before = [(Role.CUSTOMER, "¿Cuánto cuesta el envío a Madrid?"), (Role.BOT, "5 €.")]
    assert asked(*before, (Role.CUSTOMER, "¿y a Canarias?")) == "¿Cuánto cuesta el envío a Madrid?\n¿y a Canarias?"
    assert asked(*before, (Role.CUSTOMER, "¿La garantía cubre golpes?")) == "¿La garantía cubre golpes?"
    assert asked((Role.CUSTOMER, "hola"), (Role.CUSTOMER, "precios")) == "hola\nprecios"
