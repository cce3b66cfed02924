"""A greeting and the question after it get one answer; a clear question is answered at once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from core.bots import versions
from core.bots.llm.types import Completion, ModelAnswer, Prompt, Usage
from core.bots.settings import BotSettings
from core.platform.db import transaction
from tests.conftest import TestBusiness
from tests.support.database import column
from tests.support.fake_channel import FakeChannel
from tests.support.inbound import customer_writes
from workers import work_loop
from workers.jobs import reply

pytestmark = pytest.mark.usefixtures("short_runs")
QUIET = 1.2
GREETING = "Hola, buenas tardes, espero que se encuentren muy bien"


class Polite:
    """A model that greets back until it reads a question."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        self.asked.set()
        heard = prompt.input[-1]["content"]
        states = "?" in heard
        answer: dict[str, Any] = {
            "reply": "Abrimos a las 9." if states else "¡Hola! ¿En qué te ayudo?", "confidence": 0.95, "topics": [],
            "sentiment": "neutral", "language": "es", "handoff_reason": None, "summary": None, "states_facts": states,
            "sources": ["facts"] if states else [],
        }  # fmt: skip
        return Completion(ModelAnswer(**answer), str(answer), Usage(1, 0, 1), "gpt-6-luna", 5, None)


@pytest.fixture
def model(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Polite:
    polite = Polite()
    monkeypatch.setattr(reply, "model", lambda: polite)
    with transaction(business.business_id) as session:
        new = BotSettings(quiet_seconds=QUIET, confidence_threshold=0.1)
        versions.save(session, business.business_id, business.bot_id, new, author="agent:1")
    return polite


def test_a_greeting_is_not_answered_when_the_question_follows(provider: FakeChannel, model: Polite) -> None:
    customer_writes(GREETING)
    working = threading.Thread(target=work_loop.run)
    working.start()
    assert model.asked.wait(10)
    customer_writes("¿A qué hora abren?")
    working.join(30)
    until_answered()
    assert column("SELECT text FROM messages WHERE direction = 'outbound' AND type = 'text'") == ["Abrimos a las 9."]
    assert column("SELECT outcome FROM ai_runs ORDER BY id") == ["stale", "reply"]


def until_answered() -> None:
    deadline = time.monotonic() + 20
    while not column("SELECT id FROM messages WHERE direction = 'outbound' AND type = 'text'"):
        assert time.monotonic() < deadline
        work_loop.run()


@pytest.mark.parametrize(("words", "waits"), [(GREETING, True), ("¿A qué hora abren los sábados?", False)])
def test_only_what_answers_nothing_waits(provider: FakeChannel, model: Polite, words: str, waits: bool) -> None:
    customer_writes(words)
    until_answered()
    took = column(
        "SELECT extract(epoch FROM o.stored_at - i.stored_at)::float FROM messages o, messages i"
        " WHERE o.direction = 'outbound' AND o.type = 'text' AND i.direction = 'inbound'"
    )[0]
    assert (took >= QUIET) is waits
