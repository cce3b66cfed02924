"""What-if on the bot's page: beginning, watching, cancelling, reading, and the cases."""

from __future__ import annotations

import pytest

from console import auth
from console.app_pages.bot import replay_commands
from core.bots import version_history
from core.bots.settings import BotSettings
from core.evaluation import replay_task
from core.evaluation.replay_diff import Expectation
from core.evaluation.test_cases import Case, of_bot
from core.models import Role
from core.platform.db import transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import person
from tests.integration.rehearsal.test_replays import answered, begin, claim, done
from tests.support.database import one, rows
from tests.support.desk import Desk
from tests.support.scripted_model import says as answers
from workers.jobs import background_task as work


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    auth.forget()
    monkeypatch.setattr(replay_task, "model", lambda: answers("Sí, claro."))


@pytest.fixture
def desk(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return at_bot(business, monkeypatch, Role.ADMINISTRATOR)


def at_bot(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, role: Role) -> Desk:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.open().switch_page("app_pages/bot/page.py")
    desk.run()
    return desk


def what_if(desk: Desk) -> None:
    desk.page.segmented_control(key="bot_part").set_value("whatif")
    desk.run()


def press(desk: Desk, key: str) -> None:
    desk.page.button(key=key).click()
    desk.run()


def said(desk: Desk) -> str:
    page = desk.page
    found = [*page.markdown, *page.caption, *page.text, *page.info, *page.warning, *page.error]
    return "\n".join(str(one.value) for one in found)


def cases(business: TestBusiness) -> list[Case]:
    with transaction(business.business_id) as session:
        return of_bot(session, business.bot_id)


def test_unsaved_settings_are_tried_from_the_bar_and_shown_side_by_side(desk: Desk, business: TestBusiness) -> None:
    answered(business, "¿tienen mesas de roble?")
    desk.page.text_area(key="bot.handoff_keywords.es").set_value("roble")
    desk.run()
    press(desk, "rehearsal_try")
    press(desk, "rehearsal_begin")
    assert "rehearsal_begin" not in [button.key for button in desk.page.button]
    work.run_task(claim())
    desk.run()
    words = said(desk)
    assert "Now handed to a person" in words
    assert "now handed to a person: 1" in words
    assert "Sí, claro." in words
    assert one("SELECT count(*) FROM bot_versions") == 1
    assert not desk.page.button(key="rehearsal_begin").disabled


def test_it_is_cancelled_and_says_so(desk: Desk, business: TestBusiness) -> None:
    answered(business, "¿tienen mesas?")
    what_if(desk)
    press(desk, "rehearsal_begin")
    press(desk, "rehearsal_cancel")
    assert "It was cancelled" in said(desk)
    assert one("SELECT state FROM background_tasks") == "cancelled"


def test_nothing_to_try_is_said_plainly(desk: Desk) -> None:
    what_if(desk)
    assert "Nothing has been tried" in said(desk)
    press(desk, "rehearsal_begin")
    assert "There is nothing to try yet" in said(desk)


def test_an_unknown_price_leaves_only_the_count(desk: Desk, business: TestBusiness) -> None:
    answered(business, "¿tienen mesas?")
    desk.page.text_input(key="bot.model").set_value("somebodys-own-model")
    desk.run()
    what_if(desk)
    assert desk.page.text_input(key="rehearsal_spend").disabled
    press(desk, "rehearsal_begin")
    assert rows("SELECT spend_limit FROM replays")[0].spend_limit is None


def test_settings_that_are_wrong_are_not_tried(desk: Desk) -> None:
    desk.page.text_input(key="bot.name").set_value("")
    desk.run()
    what_if(desk)
    assert "fix them" in said(desk)
    assert "rehearsal_begin" not in [button.key for button in desk.page.button]


def test_a_version_shows_what_its_trial_found(desk: Desk, business: TestBusiness) -> None:
    answered(business, "¿tienen mesas?")
    desk.page.segmented_control(key="bot_part").set_value("versions")
    desk.run()
    assert "were not tried" in said(desk)
    begin(business, BotSettings(name="Luna"))
    done(business)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        version_history.save(session, business.bot_id, BotSettings(name="Luna"), based_on=1, note="")
    desk.run()
    desk.page.selectbox(key="bot_version").set_value(2)
    desk.run()
    assert "unchanged: 1" in said(desk)


def test_a_case_is_added_tried_and_removed(desk: Desk, business: TestBusiness) -> None:
    what_if(desk)
    key = f"case_new_{business.bot_id}"
    desk.page.text_input(key=f"{key}_name").set_value("Mesas")
    desk.page.text_area(key=f"{key}_question").set_value("¿tienen mesas?")
    desk.page.text_area(key=f"{key}_contains").set_value("roble\n\n pino ")
    desk.page.segmented_control(key=f"{key}_ends").set_value("answers")
    desk.page.button(key=f"FormSubmitter:{key}-Save the case").click()
    desk.run()
    (case,) = cases(business)
    assert case.expected == Expectation(contains=("roble", "pino"), hands_off=False)
    assert desk.page.text_input(key=f"{key}_name").value == ""
    desk.page.segmented_control(key="rehearsal_source").set_value("cases")
    desk.run()
    press(desk, "rehearsal_begin")
    work.run_task(claim())
    desk.run()
    assert "0 of 1 cases met" in said(desk)
    press(desk, f"case_remove_{case.id}")
    assert cases(business) == []


def test_what_is_wrong_with_a_case_stays_to_be_mended(desk: Desk, business: TestBusiness) -> None:
    what_if(desk)
    key = f"case_new_{business.bot_id}"
    desk.page.text_area(key=f"{key}_question").set_value("¿tienen mesas?")
    desk.page.button(key=f"FormSubmitter:{key}-Save the case").click()
    desk.run()
    assert "A case needs a name" in said(desk)
    assert desk.page.text_area(key=f"{key}_question").value == "¿tienen mesas?"
    assert cases(business) == []


def test_a_past_conversation_becomes_a_case(desk: Desk, business: TestBusiness) -> None:
    talk = answered(business, "hola", "¿tienen mesas?")
    begin(business, BotSettings(handoff_keywords={"es": ("mesas",)}))
    (item,) = done(business).items
    what_if(desk)
    desk.page.button(key=f"FormSubmitter:case_item_{item.id}-Save the case").click()
    desk.run()
    (case,) = cases(business)
    assert (case.name, case.conversation_id, len(case.said)) == ("¿tienen mesas?", talk, 2)


def test_an_answer_of_the_bot_becomes_a_case(desk: Desk, business: TestBusiness) -> None:
    answered(business, "hola", "¿tienen mesas?")
    run_id = one("SELECT id FROM ai_runs")
    replay_commands.keep_answer(None, run_id, "Mesas", Expectation(cites=True))
    (case,) = cases(business)
    assert [turn.text for turn in case.said] == ["hola", "¿tienen mesas?"]
    with pytest.raises(NotFound):
        replay_commands.keep_answer(999_999, None, "x", Expectation())


def test_agents_neither_try_nor_keep(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(person(business.business_id, role=Role.AGENT), monkeypatch).open()
    for attempt in (
        lambda: replay_commands.begin(business.bot_id, BotSettings(), "cases", count=1, spend_limit=None),
        lambda: replay_commands.cancel(1),
        lambda: replay_commands.add_case(business.bot_id, "x", "y", Expectation()),
        lambda: replay_commands.keep_item(business.bot_id, 1, "x", Expectation()),
        lambda: replay_commands.keep_answer(1, None, "x", Expectation()),
        lambda: replay_commands.remove_case(1),
    ):
        with pytest.raises(auth.NotAllowed):
            attempt()


def test_a_manager_may_try_what_an_administrator_saves(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(business, "¿tienen mesas?")
    desk = at_bot(business, monkeypatch, Role.MANAGER)
    what_if(desk)
    press(desk, "rehearsal_begin")
    assert one("SELECT count(*) FROM replays") == 1
