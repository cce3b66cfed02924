"""The dialog that explains an answer, and the line that tells of a hand-over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from console import auth
from console.app_pages.inbox import explanation
from console.i18n import LANGUAGES, speaking, t, text
from console.model_failures import model_failure
from core.bots.llm.types import FailureKind, ModelFailed
from core.conversations import lifecycle
from core.models import AIRun
from core.platform.db import system_transaction, transaction
from core.replies.explanations import Explanation, Source
from core.types import Summary
from tests.conftest import TestBusiness
from tests.factories import Person, conversation, person, says
from tests.support.database import rows
from tests.support.desk import Desk

SURE = Explanation(
    bot="Sol", settings_version=3, prompt_version="abc", outcome="reply", decided_by="model",
    at=datetime(2026, 11, 20, tzinfo=UTC), model="gpt-6-luna", confidence=0.9, threshold=0.6,
    parts={"model": 0.9, "raw": 0.9, "result": 0.9, "threshold": 0.6}, grounded=None, from_facts=False,
    invented_amounts=(), topics=("envíos",), sentiment="neutral", sources=(Source("kb-3", "Envíos", "…", 0.5, True),),
    invented_sources=(), input_tokens=10, cached_tokens=0, output_tokens=5, cost_usd=Decimal("0.0001"),
    latency_ms=420, error=None,
)  # fmt: skip
DOUBTFUL = replace(
    SURE,
    confidence=0.3,
    parts={"model": 0.8, "evidence": 0.4, "ungrounded": 0.5, "raw": 0.35, "result": 0.3, "threshold": 0.6},
    grounded=False,
    from_facts=True,
    invented_amounts=("$ 1",),
)


@pytest.fixture(autouse=True)
def ana(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Who looks."""
    one = person(business.business_id)
    monkeypatch.setattr(auth, "token", lambda: one.token)
    return one


def shown(blocks: Any) -> str:
    """Everything that the dialog says, in order."""
    if isinstance(blocks, list | tuple):
        return "\n".join(map(shown, blocks))
    return str(blocks)


def test_a_plain_answer_needs_no_sum() -> None:
    blocks = explanation.blocks(SURE)
    assert [block[1] for block in blocks if block[0] == "fold"] == ["✓ 50% · Envíos"]
    assert [block for block in blocks if block[0] == "bad"] == []
    assert ["meter", "90% sure · 60% needed", 0.9] in blocks


def test_the_parts_of_a_doubtful_one_are_told() -> None:
    blocks = explanation.blocks(DOUBTFUL)
    (parts, _) = [block[2] for block in blocks if block[0] == "fold"]
    for words in ("80%", "40%", "× 0.5", "35%", "30%", t("why.part_ungrounded"), t("why.part_result")):
        assert words in shown(parts), words
    asides = [block[1] for block in blocks if block[0] == "aside"]
    assert t("why.ungrounded") in asides and t("why.facts") in asides
    assert ["bad", t("why.amounts", amounts="$ 1")] in blocks


def test_it_is_told_to_whoever_asks_and_a_manager_keeps_a_case(
    business: TestBusiness, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "¿Hacen envíos?")
    answer = says(business.business_id, talk, "Sí", sender="bot", direction="outbound", status="sent")
    with system_transaction() as session:
        session.add(
            AIRun(business_id=business.business_id, bot_id=business.bot_id, conversation_id=talk, message_id=answer,
                  outcome="reply", decided_by="model", settings_version=1, prompt_version="x", trace={})
        )  # fmt: skip
    desk = Desk(ana, monkeypatch)
    told = desk.act("why", talk, message=answer)["found"]
    assert (told["blocks"][0], told["case"]) == (["lead", t("why.by_model")], None)
    assert desk.act("why", talk, message=answer + 1)["found"]["blocks"] == [["aside", t("why.nothing")]]
    case = {"message": answer, "name": "Envíos", "expected": {"contains": ["sí"], "hands_off": False}}
    assert "role" in desk.act("keep_case", talk, **case)["error"]
    rows(f"UPDATE agents SET role = 'manager' WHERE id = {ana.id}")
    form = desk.act("why", talk, message=answer)["found"]["case"]
    assert [value for value, _ in form["all_ends"]] == ["either", "hands_off", "answers"]
    too_long = case | {"expected": {"contains": ["x" * 201]}}
    assert desk.act("keep_case", talk, **too_long)["error"] == t("rehearsal.too_long")
    assert desk.act("keep_case", talk, **case)["said"] == t("rehearsal.kept")
    assert rows("SELECT name, expected ->> 'hands_off' FROM test_cases") == [("Envíos", "false")]


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_of_the_model_is_told_in_words(language: str, kind: FailureKind) -> None:
    with speaking(language):
        told = model_failure(str(ModelFailed(kind, "ReadTimeout, 12.0 s allowed")))
        assert text(language, f"why.failed_{kind}") in told and f"{kind}:" not in told
        assert ("12" in told) is (kind is not FailureKind.TIMEOUT)
        assert "odd_thing" in model_failure("odd_thing")


def test_the_thread_tells_who_got_it_and_what_it_is_about(
    business: TestBusiness, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(f"UPDATE agent_tokens SET last_seen_at = now() WHERE agent_id = {ana.id}")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    with transaction(business.business_id) as session:
        told = Summary("", "¿talla {owner} 42?", "No lo sé.")
        lifecycle.hand_off(session, talk, "low_confidence", "0.30", told)
    desk = Desk(ana, monkeypatch)
    desk.open(talk)
    (line,) = desk.component("thread")["lines"]
    assert line["text"] == "The bot asked for a person: it is not sure of the answer"
    assert line["about"] == [
        "Assigned to Ana Torres.",
        "The customer: “¿talla {owner} 42?”",
        "The bot last said: “No lo sé.”",
    ]
