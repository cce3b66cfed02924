"""The page of suggested answers: who sees it, and what each button does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.app_pages.improve import commands, queries
from console.auth import NotAllowed
from console.markdown import plain
from core.accounts import sessions
from core.bots import versions
from core.bots.llm.types import FailureKind, ModelFailed, Usage, Written
from core.evaluation import hourly_run
from core.evaluation.suggestion_drafts import Entry
from core.models import Role
from core.platform.db import system_transaction, transaction
from core.text.pii import MASK
from tests.conftest import TestBusiness
from tests.factories import asked_in_vain, person
from tests.support.database import rows
from tests.support.desk import Desk
from tests.support.refusals import refused

DAY = timedelta(days=1)


def at(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, role: Role = Role.ADMINISTRATOR, **query: str) -> Desk:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.page.query_params.update(query)
    desk.open().switch_page("app_pages/improve/page.py")
    desk.run()
    return desk


@pytest.fixture
def violins(business: TestBusiness) -> TestBusiness:
    """One open suggestion, id 1, with a colleague's answer."""
    asked_in_vain(business, "Do you repair violins?", DAY, answer="Yes, in about a week.")
    hourly_run.collect_questions(business.business_id, business.bot_id)
    return business


class WritesDrafts:
    """A model that writes one answer, or fails."""

    def __init__(self, answer: str, failure: ModelFailed | None = None) -> None:
        self.answer, self.failure, self.said = answer, failure, ""

    def write(self, shape: type, instructions: str, said: Any, **_: Any) -> Any:
        self.said = said[0]["content"]
        if self.failure:
            raise self.failure
        return Written(Entry(question="?", answer=self.answer), Usage(100, 0, 20), "gpt-6-luna", 5, "req_1")


def press(desk: Desk, key: str) -> None:
    desk.page.button(key=key).click()
    desk.run()


def answers(business: TestBusiness) -> list[str]:
    with transaction(business.business_id) as session:
        return [one.answer for one in versions.current(session, business.bot_id)[1].qa_pairs]


def test_nothing_to_decide_is_said_and_looking_again_finds_what_is_new(business, monkeypatch) -> None:
    desk = at(business, monkeypatch)
    assert "No questions have been collected yet" in desk.page.info[0].value
    hourly_run.run_due()
    desk.run()
    assert "Nothing to decide among the questions collected until" in desk.page.info[0].value
    asked_in_vain(business, "Do you repair violins?", DAY)
    press(desk, "look_now")
    assert desk.page.text_input(key="improve_q_1").value == "Do you repair violins?"


def test_an_administrator_changes_and_takes_an_answer(violins, monkeypatch) -> None:
    desk = at(violins, monkeypatch)
    assert desk.page.text_area(key="improve_a_1").value == "Yes, in about a week."
    desk.page.text_area(key="improve_a_1").set_value("Yes, it takes ten days.")
    press(desk, "accept_1")
    assert answers(violins)[-1] == "Yes, it takes ten days."
    assert rows("SELECT state, settings_version FROM suggestions") == [("accepted", 2)]
    assert "Nothing to decide" in desk.page.info[0].value
    desk.page.segmented_control(key="view").set_value("accepted")
    desk.run()
    assert plain("Yes, it takes ten days.") in [one.value for one in desk.page.caption]


def test_a_gap_must_be_filled_before_an_answer_is_taken(violins, monkeypatch) -> None:
    desk = at(violins, monkeypatch)
    desk.page.text_area(key="improve_a_1").set_value(f"Write to {MASK}.")
    press(desk, "accept_1")
    assert "personal data" in desk.page.error[0].value
    assert desk.page.text_area(key="improve_a_1").value == f"Write to {MASK}.", "what was typed is still there"
    assert rows("SELECT state FROM suggestions") == [("open",)]


@pytest.mark.parametrize(("button", "view"), [("dismiss_1", "dismissed"), ("snooze_7_1", "snoozed")])
def test_setting_aside_and_taking_it_back(violins, monkeypatch, button: str, view: str) -> None:
    desk = at(violins, monkeypatch)
    press(desk, button)
    assert not desk.page.text_area
    press(desk, "improve_take_back")
    assert desk.page.text_area(key="improve_a_1").value == "Yes, in about a week."
    press(desk, button)
    desk.page.segmented_control(key="view").set_value(view)
    desk.run()
    press(desk, "reopen_1")
    assert rows("SELECT state, snoozed_until FROM suggestions") == [("open", None)]


def test_the_model_drafts_from_what_colleagues_said_and_what_it_took_is_kept(violins, monkeypatch) -> None:
    writer = WritesDrafts("We repair violins within a week.")
    monkeypatch.setattr(commands, "model", lambda: writer)
    monkeypatch.setattr("console.app_pages.improve.queries.is_configured", lambda: True)
    desk = at(violins, monkeypatch, role=Role.MANAGER)
    press(desk, "draft_1")
    assert desk.page.text_area(key="improve_a_1").value == "We repair violins within a week."
    assert "| Do you repair violins?" in writer.said
    assert "| Yes, in about a week." in writer.said
    ((action, kept),) = rows("SELECT action, data FROM audit_entries WHERE data ? 'cost_usd'")
    assert (action, kept["tokens"]) == ("suggestion.draft", 120)


@pytest.mark.parametrize(
    "writer", [None, WritesDrafts("  "), WritesDrafts("", ModelFailed(FailureKind.TIMEOUT, "too slow"))]
)
def test_a_model_that_gives_nothing_leaves_the_draft_as_it_was(violins, monkeypatch, writer: Any) -> None:
    one = person(violins.business_id, role=Role.MANAGER)
    monkeypatch.setattr(commands, "model", lambda: writer)
    monkeypatch.setattr("console.auth.current_agent", lambda **_: _agent(one))
    with refused("not_drafted"):
        commands.draft(1)
    assert rows("SELECT answer, drafted_by FROM suggestions") == [("Yes, in about a week.", "team")]


def test_what_a_failed_draft_took_is_kept(violins, monkeypatch) -> None:
    failure = ModelFailed(FailureKind.INCOMPLETE, "cut off", usage=Usage(100, 0, 1200))
    failure.model = "gpt-6-luna"
    one = person(violins.business_id, role=Role.MANAGER)
    monkeypatch.setattr(commands, "model", lambda: WritesDrafts("", failure))
    monkeypatch.setattr("console.auth.current_agent", lambda **_: _agent(one))
    with refused("not_drafted"):
        commands.draft(1)
    ((kept,),) = rows("SELECT data FROM audit_entries WHERE data ? 'cost_usd'")
    assert (kept["tokens"], kept["model"]) == (1300, "gpt-6-luna")


def test_no_draft_is_written_when_the_money_is_spent(violins, monkeypatch) -> None:
    one = person(violins.business_id, role=Role.MANAGER)
    monkeypatch.setattr(commands, "model", lambda: WritesDrafts("Yes."))
    monkeypatch.setattr("console.auth.current_agent", lambda **_: _agent(one))
    rows("UPDATE bot_versions SET data = data || '{\"usd_per_day\": 0.01}'")
    rows("UPDATE ai_runs SET cost_usd = 1, input_tokens = 1, created_at = now()")
    with refused("over_budget"):
        commands.draft(1)


def _agent(one: Any) -> Any:
    with system_transaction() as session:
        return sessions.session_agent(session, one.token)


def test_a_manager_looks_and_sets_aside_but_takes_nothing(violins, monkeypatch) -> None:
    desk = at(violins, monkeypatch, role=Role.MANAGER)
    assert desk.page.text_area(key="improve_a_1").disabled
    assert "accept_1" not in [one.key for one in desk.page.button]
    press(desk, "dismiss_1")
    assert rows("SELECT state FROM suggestions") == [("dismissed",)]


@pytest.mark.parametrize(
    ("role", "act"),
    [
        (Role.MANAGER, lambda: commands.accept(1, "Q", "A")),
        (Role.AGENT, lambda: commands.dismiss(1)),
        (Role.AGENT, lambda: commands.snooze(1, 7)),
        (Role.AGENT, lambda: commands.reopen(1)),
        (Role.AGENT, lambda: commands.draft(1)),
        (Role.AGENT, lambda: commands.look_again(1)),
        (Role.AGENT, lambda: queries.suggested(1, "open", 20)),
    ],
)
def test_each_action_asks_for_the_role(violins, monkeypatch, role: Role, act: Any) -> None:
    one = person(violins.business_id, role=role)
    monkeypatch.setattr("console.auth.current_agent", lambda **_: _agent(one))
    with pytest.raises(NotAllowed):
        act()
    assert rows("SELECT state FROM suggestions") == [("open",)]
