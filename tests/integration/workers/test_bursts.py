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
GREETING = "Hola, buenas tardes, espero que se encuentren muy bien"


class Polite:
    """A model that greets back until it reads a question."""

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        heard = prompt.input[-1]["content"]
        states = "?" in heard
        answer: dict[str, Any] = {
            "reply": "Abrimos a las 9." if states else "¡Hola! ¿En qué te ayudo?", "confidence": 0.95, "topics": [],
            "sentiment": "neutral", "language": "es", "handoff_reason": None, "summary": None, "states_facts": states,
            "sources": ["facts"] if states else [],
        }  # fmt: skip
        return Completion(ModelAnswer(**answer), str(answer), Usage(1, 0, 1), "gpt-6-luna", 5, None)


class Quiet:
    """The time that a reply waits for more words, which is over when the test says so."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.begun, self.over = threading.Event(), threading.Event()

    def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.begun.set()
        assert self.over.wait(30)


@pytest.fixture
def quiet(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Quiet:
    quiet = Quiet()
    monkeypatch.setattr(reply, "time", quiet)
    monkeypatch.setattr(reply, "model", Polite)
    return quiet


def set_quiet(business: TestBusiness, seconds: float) -> None:
    with transaction(business.business_id) as session:
        new = BotSettings(quiet_seconds=seconds, confidence_threshold=0.1)
        versions.save(session, business.bot_id, new)


def test_a_greeting_is_not_answered_when_the_question_follows(
    business: TestBusiness, provider: FakeChannel, quiet: Quiet
) -> None:
    set_quiet(business, 0.3)
    customer_writes(GREETING)
    working = threading.Thread(target=work_loop.run)
    working.start()
    assert quiet.begun.wait(30)
    customer_writes("¿A qué hora abren?")
    quiet.over.set()
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
def test_only_what_answers_nothing_waits(
    business: TestBusiness, provider: FakeChannel, quiet: Quiet, words: str, waits: bool
) -> None:
    set_quiet(business, 60)
    quiet.over.set()
    customer_writes(words)
    until_answered()
    assert [30 < seconds <= 60 for seconds in quiet.seconds] == [True] * waits
