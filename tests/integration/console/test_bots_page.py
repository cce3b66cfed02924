"""The approved answers on the bot's page, and having more bots than one."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.app_pages.bot.tables import merged
from core.accounts import audit_log
from core.bots import admin
from core.bots.settings import BotSettings, QaPair
from core.evaluation import bot_removal
from core.knowledge import sources
from core.models import AIRun, Role
from core.platform.db import transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from core.replies import explanations
from tests.conftest import TestBusiness
from tests.factories import conversation, says
from tests.integration.console.test_bot_page import at_bot, in_force, press, save
from tests.support.database import column, one, rows
from tests.support.desk import Desk
from tests.support.refusals import refused


@pytest.fixture
def desk(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return at_bot(business, monkeypatch, Role.ADMINISTRATOR)


def test_another_bot_is_copied_and_given_a_channel(desk: Desk, business: TestBusiness) -> None:
    number, settings = in_force(business)
    save(business, settings.model_copy(update={"turn_cap": 7}), number)
    desk.page.text_input(key="bot_new_name").set_value(" Luna ")
    desk.page.selectbox(key="bot_new_from").set_value(business.bot_id)
    press(desk, "Create")
    luna = one("SELECT max(id) FROM bots")
    assert (desk.page.title[0].value, desk.page.selectbox(key="bot_id").value) == ("Luna", luna)
    assert desk.page.number_input(key="bot.turn_cap").value == 7
    desk.page.segmented_control(key="bot_part").set_value("channels")
    desk.run()
    desk.page.selectbox(key=f"bot_on_{business.sms_channel_id}").set_value(luna)
    desk.run()
    desk.page.selectbox(key=f"bot_on_{business.whatsapp_channel_id}").set_value(0)
    desk.run()
    assert "Answers on SMS" in [caption.value for caption in desk.page.caption]
    with transaction(business.business_id) as session:
        served = {channel.id: channel.bot_id for channel in admin.served(session)}
        written = [(entry.action, entry.data.get("after")) for entry in audit_log.entries(session)]
    assert served == {
        business.whatsapp_channel_id: None,
        business.sms_channel_id: luna,
        business.twilio_whatsapp_channel_id: business.bot_id,
    }
    assert written[:3] == [("channel.assign", None), ("channel.assign", luna), ("bot.create", None)]


def test_a_bot_needs_a_name(desk: Desk) -> None:
    desk.page.text_input(key="bot_new_name").set_value("  ")
    press(desk, "Create")
    assert "cannot be empty" in desk.page.error[0].value
    assert one("SELECT count(*) FROM bots") == 1


def test_no_other_bot_is_chosen_over_unsaved_changes(desk: Desk) -> None:
    desk.page.text_input(key="bot_new_name").set_value("Luna")
    press(desk, "Create")
    assert not desk.page.selectbox(key="bot_id").disabled
    desk.page.text_input(key="bot.name").set_value("Sol")
    desk.run()
    assert desk.page.selectbox(key="bot_id").disabled
    press(desk, "Discard")
    assert not desk.page.selectbox(key="bot_id").disabled


def test_a_bot_is_removed_once_no_channel_has_it(desk: Desk, business: TestBusiness) -> None:
    desk.page.button(key="bot_remove").click()
    desk.run()
    assert "only bot" in desk.page.info[0].value
    press(desk, "Keep it")
    desk.page.text_input(key="bot_new_name").set_value("Luna")
    press(desk, "Create")
    luna = one("SELECT max(id) FROM bots")
    rows("UPDATE channels SET bot_id = :bot WHERE id = :id", bot=luna, id=business.sms_channel_id)
    desk.page.button(key="bot_remove").click()
    desk.run()
    assert "It answers on SMS" in desk.page.warning[0].value
    assert not [button for button in desk.page.button if button.key == "bot_remove_sure"]
    press(desk, "Keep it")
    rows("UPDATE channels SET bot_id = NULL WHERE id = :id", id=business.sms_channel_id)
    desk.page.button(key="bot_remove").click()
    desk.run()
    desk.page.button(key="bot_remove_sure").click()
    desk.run()
    assert column("SELECT id FROM bots") == [business.bot_id]
    assert not desk.page.exception
    assert desk.page.title[0].value != "Luna"


def test_with_a_bot_goes_what_only_it_had_and_what_it_said_stays(business: TestBusiness) -> None:
    conversation_id = conversation(business.business_id, business.whatsapp_channel_id)
    said = says(business.business_id, conversation_id, "Abrimos a las 9", sender="bot")
    kept = sources.store_content(business.business_id, io.BytesIO(b"Cerramos temprano."), "feriado.txt")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        luna = admin.create(session, BotSettings(name="Luna"), copied_from=None)
        sources.add(session, kept, bot_id=luna, title="Feriado")
        session.add(
            AIRun(
                business_id=business.business_id, conversation_id=conversation_id, message_id=said, bot_id=luna,
                settings_version=1, prompt_version="p1", outcome="reply", decided_by="confident", trace={"sources": []},
            )
        )  # fmt: skip
        with refused("bot_in_use"):
            bot_removal.remove(session, business.bot_id)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        assert bot_removal.remove(session, luna) == [kept.file_key]
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        why = explanations.of_message(session, said)
        with refused("last_bot"):
            bot_removal.remove(session, business.bot_id)
        with pytest.raises(NotFound):
            bot_removal.remove(session, luna)
        newest = audit_log.entries(session)[0]
    assert why is not None and why.prompt_version == "p1"
    assert (newest.action, newest.data["name"]) == ("bot.remove", "Luna")
    left = "SELECT (SELECT count(*) FROM bot_versions WHERE bot_id = :b) + (SELECT count(*) FROM knowledge_sources)"
    assert one(left, b=luna) == 0
    assert one("SELECT state FROM background_tasks") == "cancelled"


def test_of_two_who_give_a_channel_away_the_second_is_told(business: TestBusiness) -> None:
    def assign(channel_id: int, bot_id: int | None, seen: int | None) -> None:
        with transaction(Scope(business.business_id, Actor.agent(1))) as session:
            admin.assign(session, channel_id, bot_id, seen=seen)

    assign(business.sms_channel_id, None, business.bot_id)
    with refused("channel_reassigned"):
        assign(business.sms_channel_id, business.bot_id, business.bot_id)
    with pytest.raises(NotFound):
        assign(business.sms_channel_id, business.bot_id + 1, None)
    with pytest.raises(NotFound):
        assign(0, business.bot_id, None)


def with_pairs(business: TestBusiness, questions: list[str]) -> None:
    number, settings = in_force(business)
    pairs = tuple(QaPair(question=one, answer=f"About {one}", approved=True) for one in questions)
    save(business, settings.model_copy(update={"qa_pairs": pairs}), number)


def questions(desk: Desk) -> list[str]:
    """What the table of approved answers shows."""
    (table,) = [one.value for one in desk.page.dataframe if "answer" in one.value.columns]
    return list(table["question"])


def test_a_search_narrows_the_approved_answers_and_loses_none(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_pairs(business, ["¿Hay devolución?", "¿Envían?", "¿Abren?"])
    desk = at_bot(business, monkeypatch, Role.ADMINISTRATOR)
    assert len(questions(desk)) == 3
    desk.page.text_input(key="bot.qa_pairs.query").set_value("DEVOLUCION")
    desk.run()
    assert questions(desk) == ["¿Hay devolución?"]
    assert any(caption.value == "1 of 3" for caption in desk.page.caption)
    assert not [button for button in desk.page.button if button.label == "Save"]


def test_a_file_is_looked_at_before_it_fills_the_table(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    with_pairs(business, ["a", "b"])
    desk = at_bot(business, monkeypatch, Role.ADMINISTRATOR)
    content = b"question,answer,approved\na,About a,yes\nb,Better,yes\nc,New,no\nd\n"
    desk.page.file_uploader(key="bot_import_0").upload("answers.csv", content, "text/csv")
    desk.run()
    assert "New: **1** · Changed: **1** · The same: 1" in [one.value for one in desk.page.markdown]
    assert any("Line 5: the question or the answer is missing" in one.value for one in desk.page.warning)
    press(desk, "Add to the table")
    assert questions(desk) == ["a", "b", "c"]
    assert len(in_force(business)[1].qa_pairs) == 2
    press(desk, "Save")
    assert [(one.question, one.answer, one.approved) for one in in_force(business)[1].qa_pairs] == [
        ("a", "About a", True),
        ("b", "Better", True),
        ("c", "New", False),
    ]


ROWS = [{"question": one, "answer": one.upper(), "approved": True} for one in "abc"]


def test_rows_edited_under_a_search_keep_their_places() -> None:
    edited: list[dict[str, Any]] = [
        {"question": "b", "answer": "other", "approved": True, "place": 1},
        {"question": "new", "answer": "N", "approved": None, "place": None},
        {"question": None, "answer": None, "approved": None, "place": float("nan")},
    ]
    rows = merged(ROWS, {1, 2}, edited)
    assert [(row["question"], row["answer"], row["approved"]) for row in rows] == [
        ("a", "A", True),
        ("b", "other", True),
        ("new", "N", False),
    ]


@given(st.sets(st.integers(0, 2)))
def test_rows_that_nobody_edited_stay_as_they_are(shown: set[int]) -> None:
    assert merged(ROWS, shown, [{**ROWS[place], "place": place} for place in sorted(shown)]) == ROWS
