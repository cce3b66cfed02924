"""Help in the composer: it reaches the box of whoever asked, costs what it costs, and sends nothing."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel
from sqlalchemy import select, update

from console import auth
from console.app_pages.inbox import copilot_commands, copilot_queries
from core.bots import versions
from core.bots.llm.types import FailureKind, InputItem, ModelFailed, Usage, Written
from core.bots.settings import BotSettings, QaPair
from core.conversations.canned_responses import save
from core.models import AIRun, Business, Channel, Conversation, Message, Product
from core.platform.db import system_transaction, transaction
from core.platform.errors import NotFound
from core.replies.copilot import Task
from tests.factories import conversation, person, says
from tests.support.database import replies, state_of
from tests.support.desk import Desk
from tests.support.refusals import refused

T = TypeVar("T", bound=BaseModel)

MOST_AT_ONCE = 8  # requests that wait for the model; each takes a thread


class Writer:
    """A model that waits until it may write, and then writes what it was told to or fails."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.answer: dict[str, Any] = {"text": "Sí, hay leche de avena.", "sources": ["qa-1"], "doubt": ""}
        self.failure: FailureKind | None = None
        self.seen: list[str] = []
        self.thinking = self.most = 0
        self.crowded = threading.Event()
        self._lock = threading.Lock()

    def write(self, shape: type[T], instructions: str, said: tuple[InputItem, ...], **asked: Any) -> Written[T]:
        with self._lock:
            self.thinking += 1
            self.most = max(self.most, self.thinking)
            if self.thinking == MOST_AT_ONCE:
                self.crowded.set()
        assert self.may.wait(10)
        with self._lock:
            self.thinking -= 1
        self.seen.append(f"{instructions}\n{said[0]['content']}")
        if self.failure:
            raise ModelFailed(self.failure, "HTTP 401")
        return Written(shape.model_validate(self.answer), Usage(900, 0, 40), "gpt-6-luna", 5, "req_1")


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    made = Writer()
    monkeypatch.setattr(copilot_commands, "model", lambda: made)
    monkeypatch.setattr(copilot_queries, "is_configured", lambda: True)
    yield made
    made.may.set()


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    auth.forget()  # whoever was before this test
    return Desk(person(business.business_id), monkeypatch)


@pytest.fixture
def talk(business) -> int:
    with transaction(business.business_id) as session:
        pair = QaPair(question="¿Tienen leche de avena?", answer="Sí, sin costo.", approved=True)
        versions.save(session, business.bot_id, BotSettings(qa_pairs=(pair,)))
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "¿Tienen leche de avena? ¿Hacen envíos?")
    return talk


def ask(desk: Desk, talk: int, what: str, **more: str) -> dict[str, Any]:
    """What the composer is told that asks; a refusal is an `error` as well."""
    answer = desk.act("copilot", talk, name=what, **more)
    found: dict[str, Any] = answer.get("found") or answer
    return found


def runs() -> list[AIRun]:
    with system_transaction() as session:
        return list(session.scalars(select(AIRun).order_by(AIRun.id)))


def messages(talk: int) -> int:
    with system_transaction() as session:
        return len(list(session.scalars(select(Message.id).where(Message.conversation_id == talk))))


def test_a_draft_comes_with_its_sources_and_sends_nothing(desk, talk, writer) -> None:
    told = ask(desk, talk, "draft")
    assert told["text"] == "Sí, hay leche de avena."
    (source,) = told["sources"]
    assert source["title"] == "¿Tienen leche de avena?"
    assert messages(talk) == 1
    assert replies(talk) == []


def test_a_draft_knows_what_the_business_sells(desk, talk, writer, business) -> None:
    with system_transaction() as session:
        session.add(
            Product(business_id=business.business_id, sku="M-1", name="Mesa de roble", price=Decimal("120.50"),
                    currency="USD")
        )  # fmt: skip
        session.execute(update(Business).values(catalog_version=uuid.uuid4()))
    says(business.business_id, talk, "¿Cuánto cuesta la mesa de roble?")
    writer.answer = {"text": "120.50 USD", "sources": ["product-1"], "doubt": ""}
    (source,) = ask(desk, talk, "draft")["sources"]
    assert source["title"] == "Mesa de roble"
    assert "[product-1] Mesa de roble\n| " in writer.seen[0]


def test_what_it_took_is_a_run_of_the_bots_without_a_message(desk, talk, writer, business) -> None:
    ask(desk, talk, "draft")
    (run,) = runs()
    assert (run.outcome, run.decided_by, run.message_id) == ("copilot", "copilot_draft", None)
    assert (run.bot_id, run.input_tokens, run.output_tokens) == (business.bot_id, 900, 40)
    assert run.trace["sources"] == ["qa-1"]


def test_while_it_thinks_the_other_commands_are_run(desk, talk, writer) -> None:
    def post(command: str, **more: Any) -> Any:
        return desk.browser.post(f"/inbox/{talk}/{command}", json={"key": str(uuid.uuid4()), **more})

    writer.may.clear()
    with desk.browser, ThreadPoolExecutor(50) as pool:  # one event loop for all
        drafts = [pool.submit(post, "copilot", name="draft") for _ in range(50)]
        assert writer.crowded.wait(10)
        assert post("priority", value=2).status_code == 200
        assert not any(one.done() for one in drafts)
        writer.may.set()
        assert {one.result(20).json()["found"]["text"] for one in drafts} == {"Sí, hay leche de avena."}
    assert (state_of(talk).priority, writer.most) == (2, MOST_AT_ONCE)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FailureKind.AUTHENTICATION, "tell whoever manages"),
        (FailureKind.TIMEOUT, "Try again in a moment"),
        (FailureKind.REFUSAL, "found nothing to write"),
    ],
)
def test_trouble_is_told_plainly_and_recorded(desk, talk, writer, kind: FailureKind, words: str) -> None:
    writer.failure = kind
    told = ask(desk, talk, "shorten", text="a long text")
    assert words in told["error"]
    assert "text" not in told
    assert runs()[0].error == f"{kind}: HTTP 401"


def test_a_rewrite_needs_words(desk, talk, writer) -> None:
    assert ask(desk, talk, "translate", text="  ")["error"] == "Write something first."
    assert runs() == []


def test_a_spent_budget_is_respected(desk, talk, writer, business) -> None:
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(requests_per_minute=1))
    ask(desk, talk, "draft")
    with refused("over_budget"):
        copilot_commands.write(talk, Task.DRAFT, "", "customer")


def test_without_a_model_it_says_so_and_offers_tags_and_replies(desk, talk, business, monkeypatch) -> None:
    monkeypatch.setattr(copilot_commands, "model", lambda: None)
    monkeypatch.setattr(copilot_queries, "is_configured", lambda: False)
    with transaction(business.business_id) as session:
        session.execute(update(Conversation).values(tags=["Envío", "VIP"]))
        save(session, "envios", "Enviamos a todo el país.")
        save(session, "adios", "Gracias por escribir.")
    assert ask(desk, talk, "draft")["error"] == "No AI model is configured."
    assert ask(desk, talk, "tags")["tags"] == ["Envío"]
    told = ask(desk, talk, "replies")
    assert [one["shortcut"] for one in told["replies"]] == ["envios"]


def test_tags_of_the_model_come_first_and_only_those_in_use(desk, talk, writer) -> None:
    with system_transaction() as session:
        session.execute(update(Conversation).values(tags=["Envío", "VIP", "Leche"]))
    writer.answer = {"tags": ["vip", "Nuevo"]}
    assert ask(desk, talk, "tags")["tags"] == ["VIP", "Envío", "Leche"]


def test_a_conversation_of_another_business_is_not_there(desk, writer) -> None:
    with pytest.raises(NotFound):
        copilot_commands.write(999_999, Task.DRAFT, "", "customer")


def test_whoever_is_signed_out_gets_no_help(talk, writer, monkeypatch) -> None:
    monkeypatch.setattr(auth, "token", lambda: "nobody")
    with pytest.raises(auth.NotAllowed):
        copilot_commands.write(talk, Task.DRAFT, "", "customer")
    assert writer.seen == []


def test_a_channel_without_a_bot_still_has_a_copilot(desk, talk, writer, business) -> None:
    with transaction(business.business_id) as session:
        session.execute(update(Channel).values(bot_id=None))
    assert ask(desk, talk, "summarise")["text"]
    assert runs()[0].bot_id is None
    assert "in English" in writer.seen[0]
