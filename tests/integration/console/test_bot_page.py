"""The bot's page: saving, versions, two people at once, trying, and the facts of the business."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.elements.lib import policies

from console.app_pages.bot import commands
from console.app_pages.bot.hours import shifts
from console.app_pages.bot.versions import words_between
from console.auth import NotAllowed
from console.i18n import catalogue, speaking
from core.accounts import business_profile
from core.accounts.opening_hours import OpeningHours, Shift
from core.bots import version_history, versions
from core.bots.settings import BotSettings, QaPair
from core.bots.version_history import Overtaken
from core.catalog import products
from core.catalog.products import Facts
from core.models import Role
from core.platform.db import transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from core.types import BusinessFacts
from tests.conftest import TestBusiness
from tests.factories import person
from tests.support.database import one, rows
from tests.support.desk import Desk
from tests.support.refusals import refused
from tests.support.scripted_model import says


@pytest.fixture
def desk(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return at_bot(business, monkeypatch, Role.ADMINISTRATOR)


def at_bot(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, role: Role) -> Desk:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.open().switch_page("app_pages/bot/page.py")
    desk.run()
    return desk


def in_force(business: TestBusiness) -> tuple[int, BotSettings]:
    with transaction(business.business_id) as session:
        return versions.current(session, business.bot_id)


def save(business: TestBusiness, settings: BotSettings, based_on: int) -> int:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        return version_history.save(session, business.bot_id, settings, based_on=based_on, note="")


def press(desk: Desk, label: str) -> None:
    next(button for button in desk.page.button if button.label == label).click()
    desk.run()


def test_looking_changes_nothing(desk: Desk, business: TestBusiness) -> None:
    desk.run()
    assert not [button for button in desk.page.button if button.label == "Save"]
    assert in_force(business)[0] == 1


def test_what_is_not_saved_yet_is_still_there_after_another_page(desk: Desk) -> None:
    desk.page.text_input(key="bot.name").set_value("Luna")
    desk.page.toggle(key="bot.enabled").set_value(True)
    desk.run()
    for elsewhere in ("analytics", "inbox", "people"):
        desk.page.switch_page(f"app_pages/{elsewhere}/page.py")
        desk.run()
        desk.run()
        desk.page.switch_page("app_pages/bot/page.py")
        desk.run()
        assert desk.page.text_input(key="bot.name").value == "Luna"
        assert desk.page.toggle(key="bot.enabled").value is True
        assert any("Unsaved changes: 1" in one.value for one in desk.page.markdown)


@pytest.mark.parametrize("part", ["whatif", "versions", "channels", "facts"])
def test_a_part_of_the_page_is_there_again_after_another_page(desk: Desk, part: str) -> None:
    desk.page.segmented_control(key="bot_part").set_value(part)
    desk.run()
    desk.page.switch_page("app_pages/people/page.py")
    desk.run()
    desk.run()
    desk.page.switch_page("app_pages/bot/page.py")
    desk.run()
    assert desk.page.segmented_control(key="bot_part").value == part


def test_a_change_is_saved_as_a_version_and_brought_back(desk: Desk, business: TestBusiness) -> None:
    before = in_force(business)[1].name
    desk.page.text_input(key="bot.name").set_value("Luna")
    desk.run()
    assert any("Unsaved changes: 1" in one.value for one in desk.page.markdown)
    desk.page.text_input(key="bot_note").set_value("A new name")
    press(desk, "Save")
    assert (in_force(business)[0], in_force(business)[1].name) == (2, "Luna")
    assert one("SELECT note FROM bot_versions WHERE version = 2") == "A new name"
    assert one("SELECT name FROM bots") == "Luna"
    desk.page.segmented_control(key="bot_part").set_value("versions")
    desk.run()
    desk.page.selectbox(key="bot_version").set_value(1)
    desk.run()
    press(desk, "Restore version 1")
    assert (in_force(business)[0], in_force(business)[1].name) == (3, before)


def test_what_is_typed_stays_while_another_part_is_looked_at(desk: Desk, business: TestBusiness) -> None:
    desk.page.text_input(key="bot.name").set_value("Luna")
    desk.run()
    desk.page.segmented_control(key="bot_part").set_value("facts")
    desk.run()
    desk.page.segmented_control(key="bot_part").set_value("settings")
    desk.run()
    assert desk.page.text_input(key="bot.name").value == "Luna"
    press(desk, "Discard")
    assert desk.page.text_input(key="bot.name").value == in_force(business)[1].name


def test_what_is_not_valid_is_said_and_cannot_be_saved(desk: Desk, business: TestBusiness) -> None:
    desk.page.text_area(key="bot.fallback_message.es").set_value("   ")
    desk.run()
    assert "When it does not know: cannot be empty" in desk.page.error[0].value
    assert not [button for button in desk.page.button if button.label == "Save"]
    assert in_force(business)[0] == 1


def test_the_second_of_two_people_sees_what_differs_and_chooses(desk: Desk, business: TestBusiness) -> None:
    number, settings = in_force(business)
    desk.page.text_input(key="bot.name").set_value("Mine")
    desk.run()
    save(business, settings.model_copy(update={"name": "Theirs"}), number)
    press(desk, "Save")
    assert in_force(business)[1].name == "Theirs"
    assert "version 2" in desk.page.warning[0].value
    press(desk, "Save mine over it")
    assert (in_force(business)[0], in_force(business)[1].name) == (3, "Mine")


def test_a_save_that_was_overtaken_is_refused_by_the_core_too(business: TestBusiness) -> None:
    number, settings = in_force(business)
    save(business, settings, number)
    with pytest.raises(Overtaken) as raised:
        save(business, settings, number)
    assert raised.value.newest == number + 1
    with pytest.raises(NotFound), transaction(Scope(business.business_id + 1, Actor.agent(1))) as session:
        version_history.save(session, business.bot_id, settings, based_on=1, note="")


def test_a_manager_looks_and_an_agent_does_not(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at_bot(business, monkeypatch, Role.MANAGER)
    assert desk.page.text_input(key="bot.name").disabled
    with pytest.raises(NotAllowed):
        commands.save(business.bot_id, BotSettings(), based_on=1, note="")
    with pytest.raises(NotAllowed):
        commands.save_facts(BusinessFacts("x"))
    with pytest.raises(NotAllowed):
        commands.create("x", copied_from=None)
    with pytest.raises(NotAllowed):
        commands.assign(business.sms_channel_id, None, seen=business.bot_id)
    desk.page.segmented_control(key="bot_part").set_value("channels")
    desk.run()
    assert desk.page.selectbox(key=f"bot_on_{business.sms_channel_id}").disabled
    with pytest.raises(ValueError, match="bot"):
        at_bot(business, monkeypatch, Role.AGENT)


def test_trying_uses_what_is_typed_and_sends_nothing(desk: Desk, business: TestBusiness) -> None:
    desk.page.text_input(key="bot.name").set_value("Luna")
    desk.page.chat_input(key="trial_input").set_value("Quiero hablar con una persona")
    desk.run()
    captions = [caption.value for caption in desk.page.caption]
    assert any("Would call a person: the customer asked for one" in caption for caption in captions)
    assert one("SELECT count(*) FROM messages") == 0
    press(desk, "Start again")
    assert not desk.page.chat_message


def test_a_quote_stays_open_in_the_trial(desk: Desk, business: TestBusiness) -> None:
    with transaction(business.business_id) as session:
        products.save(session, Facts("Gorra", Decimal(12)))
    said = []
    for words in ("Quiero 2 gorras", "mejor 3", "SÍ"):
        desk.page.chat_input(key="trial_input").set_value(words)
        desk.run()
        said.append([part.value for part in desk.page.chat_message[-1].text][-1])
    assert "24" in said[0]
    assert "36" in said[1]
    assert "confirmado" in said[2]
    assert one("SELECT count(*) FROM quotes") == 0


def test_an_approved_pair_answers_in_the_trial_before_it_is_saved(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    monkeypatch.setattr(commands, "model", lambda: None)
    pair = QaPair(question="¿A qué hora abren?", answer="A las 9.", approved=True)
    outcome = commands.try_it(business.bot_id, BotSettings(qa_pairs=(pair,)), [("customer", "¿A qué hora abren?")])
    assert getattr(outcome, "text", None) == "A las 9."


def test_facts_are_saved_and_checked(desk: Desk, business: TestBusiness) -> None:
    desk.page.segmented_control(key="bot_part").set_value("facts")
    desk.run()
    desk.page.text_input(key="facts.hours").set_value("  Lunes a viernes\t9 a 18 ")
    desk.page.selectbox(key="facts.time_zone").set_value("America/Bogota")
    desk.page.selectbox(key="facts.currency").set_value("COP")
    press(desk, "Save")
    assert desk.page.success
    with transaction(business.business_id) as session:
        known = business_profile.read(session)
    assert (known.hours, known.time_zone) == ("Lunes a viernes 9 a 18", "America/Bogota")
    assert known.currency == "COP"
    for wrong in (replace(known, time_zone="Mars/Base"), replace(known, name="  "), replace(known, currency="pesos")):
        with refused("invalid_facts"), transaction(Scope(business.business_id, Actor.agent(1))) as session:
            business_profile.save(session, wrong)


@given(st.text(), st.text())
def test_a_difference_keeps_both_texts_and_no_markup_of_theirs(before: str, after: str) -> None:
    shown = words_between(before, after)
    without_new = re.sub(r"<ins>.*?</ins>", "", shown, flags=re.DOTALL)
    without_old = re.sub(r"<del>.*?</del>", "", shown, flags=re.DOTALL)
    plain = [html.unescape(re.sub(r"</?(ins|del)>", "", one)) for one in (without_new, without_old)]
    assert plain == [before, after]
    assert set(re.findall(r"<[^>]*>", shown)) <= {"<ins>", "</ins>", "<del>", "</del>"}


def test_opening_hours_are_typed_a_line_a_day(desk: Desk, business: TestBusiness) -> None:
    days = [box for box in desk.page.text_input if box.key.startswith("bot.hours.")]
    assert [box.key for box in days] == [f"bot.hours.{day}" for day in range(7)]
    assert {box.placeholder for box in days} == {"Empty: always available"}
    desk.page.text_input(key="bot.hours.0").set_value("9:00-13:00, 16h00 a 24:00")
    desk.run()
    assert desk.page.text_input(key="bot.hours.1").placeholder == "Empty: closed"
    press(desk, "Save")
    week = in_force(business)[1].opening_hours.week
    assert [(one.day, one.opens, one.closes) for one in week] == [
        (0, time(9), time(13)),
        (0, time(16), time(0)),
    ]
    assert desk.page.text_input(key="bot.hours.0").value == "09:00-13:00, 16:00-00:00"
    desk.page.text_input(key="bot.hours.6").set_value("mornings")
    desk.run()
    assert "Opening hours, Sunday: write shifts such as" in desk.page.error[0].value
    assert not [button for button in desk.page.button if button.label == "Save"]


def test_hours_are_told_in_words_among_the_versions(desk: Desk, business: TestBusiness) -> None:
    number, settings = in_force(business)
    hours = OpeningHours(week=(Shift(day=0, opens=time(9), closes=time(13)),), holidays=(date(2026, 12, 25),))
    save(business, settings.model_copy(update={"opening_hours": hours}), number)
    desk.page.segmented_control(key="bot_part").set_value("versions")
    desk.run()
    desk.page.selectbox(key="bot_version").set_value(1)
    desk.run()
    assert "Monday:" in shown(desk)
    assert "somebody is always available" in shown(desk).replace("</ins>", "").replace("<ins>", "")
    assert "12/25/26" in shown(desk)


def test_any_two_versions_are_held_against_each_other(desk: Desk, business: TestBusiness) -> None:
    number, settings = in_force(business)
    for name in ("Luna", "Sol", "Mar"):
        number = save(business, settings.model_copy(update={"name": name}), number)
    desk.page.segmented_control(key="bot_part").set_value("versions")
    desk.run()
    assert compared(desk) == (4, 3), "the one in force, with the one before"
    desk.page.selectbox(key="bot_version").set_value(3)
    desk.run()
    assert compared(desk) == (3, 2), "none is held against itself"
    assert [one.split(" ")[0] for one in desk.page.selectbox(key="bot_against").options] == ["4", "2", "1"]
    desk.page.selectbox(key="bot_version").set_value(1)
    desk.run()
    assert compared(desk) == (1, 2), "nothing was before the first"
    desk.page.selectbox(key="bot_version").set_value(3)
    desk.page.selectbox(key="bot_against").set_value(2)
    desk.run()
    assert "<del>Luna</del><ins>Sol</ins>" in shown(desk)
    assert "Mar" not in shown(desk)
    press(desk, "Restore version 3")
    assert (in_force(business)[0], in_force(business)[1].name) == (5, "Sol")
    assert compared(desk) == (5, 4)


def test_a_first_version_has_no_other_to_be_held_against(desk: Desk) -> None:
    desk.page.segmented_control(key="bot_part").set_value("versions")
    desk.run()
    assert "only version" in desk.page.info[0].value
    assert "bot_against" not in [one.key for one in desk.page.selectbox]


def test_no_widget_has_a_default_beside_what_the_session_holds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit logs it once in a process, with the whole stack."""
    told: list[str] = []
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    monkeypatch.setattr(policies._LOGGER, "warning", lambda _, key, **__: told.append(key))
    for part in ("whatif", "versions", "channels", "facts", "settings"):
        desk.page.segmented_control(key="bot_part").set_value(part)
        desk.run()
        desk.page.switch_page("app_pages/people/page.py")
        desk.run()
        desk.page.switch_page("app_pages/bot/page.py")
        desk.run()
    assert told == []


@pytest.mark.parametrize(("language", "typed", "value"), [("es", "0,7", 0.7), ("pt", "1,25", 1.25)])
def test_numbers_with_decimals_are_typed_as_the_reader_writes_them(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch, language: str, typed: str, value: float
) -> None:
    who = person(business.business_id, role=Role.ADMINISTRATOR, language=language)
    desk = Desk(who, monkeypatch)
    desk.open().switch_page("app_pages/bot/page.py")
    field = "bot.temperature.words"
    with speaking(language):  # in which AppTest, outside of the script, looks for a choice among the options
        desk.run()
        desk.page.text_input(key=field).set_value("0.7")
        desk.run()
        assert "0,5" in desk.page.error[0].value
        assert desk.page.text_input(key=field).value == "0.7", "what was typed stays"
        desk.page.text_input(key=field).set_value(typed)
        desk.run()
        assert not desk.page.error
        press(desk, catalogue(language)["bot.save"])
        assert in_force(business)[1].temperature == value
        assert desk.page.text_input(key=field).value == typed


def compared(desk: Desk) -> tuple[Any, Any]:
    return desk.page.selectbox(key="bot_version").value, desk.page.selectbox(key="bot_against").value


def shown(desk: Desk) -> str:
    """The differences on the screen."""
    return " ".join(one.proto.body for one in desk.page.get("html") if "class='diff'" in one.proto.body)


@given(st.lists(st.tuples(st.times(), st.times()), max_size=3))
def test_shifts_are_read_as_they_are_written(typed: list[tuple[time, time]]) -> None:
    whole = [
        (opens.replace(second=0, microsecond=0), closes.replace(second=0, microsecond=0)) for opens, closes in typed
    ]
    assert shifts(", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in whole)) == whole


@pytest.mark.parametrize("words", ["9-13", "25:00-26:00", "09:00", "09:00-13:00 16:00-20:00"])
def test_what_is_no_shift_is_not_guessed_at(words: str) -> None:
    assert shifts(words) is None


def test_a_trial_is_counted_and_waits_when_the_budget_is_spent(
    desk: Desk, business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, settings = in_force(business)
    save(business, settings.model_copy(update={"requests_per_minute": 1}), number)
    monkeypatch.setattr(commands, "model", lambda: says("Claro."))
    desk.page.chat_input(key="trial_input").set_value("¿Envían?")
    desk.run()
    assert [message.children[0].value for message in desk.page.chat_message] == ["¿Envían?", "Claro."]
    assert one("SELECT data ->> 'tokens' FROM audit_entries WHERE action = 'bot.try'") == "1100"
    desk.page.chat_input(key="trial_input").set_value("¿Y a Cuba?")
    desk.run()
    assert "budget for this minute" in desk.page.warning[0].value
    rows("UPDATE audit_entries SET created_at = created_at - interval '2 minutes'")
    press(desk, "Try again")
    assert not desk.page.warning
    assert len(desk.page.chat_message) == 4
