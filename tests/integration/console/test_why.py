"""The dialog that explains an answer, and the line that tells of a hand-over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from console import auth
from console.i18n import LANGUAGES, speaking, t, text
from console.model_failures import model_failure
from core.bots.llm.types import FailureKind, ModelFailed
from core.conversations import lifecycle
from core.platform.db import transaction
from core.replies.explanations import Explanation, Source
from core.types import Summary
from tests.conftest import TestBusiness
from tests.factories import Person, conversation, person
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


def show(explanation: Explanation) -> AppTest:
    def script(explanation):  # its source alone is run, without this module
        from console.app_pages.inbox import explanation_dialog

        explanation_dialog._content(explanation, 1, None)

    page = AppTest.from_function(script, args=(explanation,)).run()
    assert not page.exception
    return page


def test_a_plain_answer_needs_no_sum() -> None:
    page = show(SURE)
    assert [box.label for box in page.expander] == ["50% · Envíos"]
    assert not page.warning


def test_the_parts_of_a_doubtful_one_are_told() -> None:
    page = show(DOUBTFUL)
    told = page.expander[0].table[0].value.astype(str).to_string()
    for words in ("80%", "40%", "× 0.5", "35%", "30%", t("why.part_ungrounded"), t("why.part_result")):
        assert words in told, words
    captions = [one.value for one in page.caption]
    assert t("why.ungrounded") in captions and t("why.facts") in captions
    assert "1" in page.warning[0].value


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_of_the_model_is_told_in_words(language: str, kind: FailureKind) -> None:
    with speaking(language):
        told = model_failure(str(ModelFailed(kind, "ReadTimeout, 12.0 s allowed")))
        assert text(language, f"why.failed_{kind}") in told and f"{kind}:" not in told
        assert ("12" in told) is (kind is not FailureKind.TIMEOUT)
        assert "odd\\_thing" in model_failure("odd_thing")


def test_the_thread_tells_who_got_it_and_what_it_is_about(
    business: TestBusiness, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(f"UPDATE agent_tokens SET last_seen_at = now() WHERE agent_id = {ana.id}")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    with transaction(business.business_id) as session:
        told = Summary("", "¿talla {owner} 42?", "No lo sé.")
        lifecycle.hand_off(session, business.business_id, talk, "low_confidence", "0.30", told)
    desk = Desk(ana, monkeypatch)
    desk.open(talk)
    (line,) = desk.component("thread")["lines"]
    assert line["text"] == "The bot asked for a person: it is not sure of the answer"
    assert line["about"] == [
        "Assigned to Ana Torres.",
        "The customer: “¿talla {owner} 42?”",
        "The bot last said: “No lo sé.”",
    ]
