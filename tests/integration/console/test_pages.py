"""The pages as Streamlit runs them, without a browser, on the real database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from console import auth
from console.app_pages.account import commands as account_commands
from console.app_pages.inbox import commands as inbox_commands
from core.accounts import sessions, users
from core.channels.types import InvalidMessage
from core.models import Agent, Delivery, Message, Role
from core.platform import events
from core.platform.db import system_transaction, transaction
from tests.factories import PASSWORD, Person, conversation, person, says
from tests.support.database import replies, state_of
from tests.support.desk import APP, Desk
from tests.support.refusals import refused


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id), monkeypatch)


@pytest.fixture
def talk(business) -> int:
    talk = conversation(business.business_id, business.whatsapp_channel_id, waiting_since=None)
    says(business.business_id, talk, "Where is my order?")
    return talk


def test_a_browser_whose_session_ended_is_sent_away_and_sees_nothing(desk, talk) -> None:
    with system_transaction() as session:
        sessions.end_session(session, desk.person.token)
    page = desk.open(talk)
    assert [one.proto.component_name for one in page.get("bidi_component")] == ["bothub.leave"]


def test_the_inbox_lists_conversations_and_filters_them(desk, business, talk) -> None:
    taken = conversation(business.business_id, business.whatsapp_channel_id, name="Bea", mode="human")
    assert {row["id"] for row in desk.rows()} == {talk, taken}
    (row,) = desk.rows(view="bot")
    assert (row["id"], row["text"], row["unread"]) == (talk, "Where is my order?", 1)


def test_taking_over_handing_back_closing_and_reopening(desk, talk) -> None:
    desk.open(talk)
    for act, mode, status in (
        ("take_over", "human", "open"),
        ("hand_back", "bot", "open"),
        ("close", "bot", "closed"),
        ("reopen", "human", "open"),
    ):
        assert "error" not in desk.act(act, talk)
        now = state_of(talk)
        assert (now.mode, now.status) == (mode, status), act
    assert "Ana Torres took the conversation over" in [line["text"] for line in desk.component("thread")["lines"]]


def test_a_failed_message_tells_the_cause_and_what_to_do(desk, business, talk) -> None:
    error = {"code": "131026", "title": "Undeliverable", "cause": "recipient", "advice": "…"}
    says(business.business_id, talk, "hi", direction="outbound", sender="bot", status="failed", error=error)
    desk.open(talk)
    trouble = desk.component("thread")["lines"][-1]["trouble"]
    assert trouble["what"] == "This message was not sent."
    assert "another channel" in trouble["advice"]
    assert trouble["provider"] == "Undeliverable (131026)"


def test_a_closed_window_is_said_plainly(desk, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, window_expires_at=None)
    desk.open(talk)
    assert "24 hours" in desk.component("thread")["shut"]["words"]


def test_the_language_is_ones_own_choice(desk) -> None:
    page = desk.open()
    page.switch_page("app_pages/account/page.py")
    page = desk.run()
    page.selectbox(key="language").set_value("pt")
    page = desk.run()
    assert "Sessões abertas" in [one.value for one in page.subheader]
    with system_transaction() as session:
        assert session.scalar(select(Agent.language).where(Agent.id == desk.person.id)) == "pt"


def test_a_password_is_set_and_ends_the_other_sessions(desk) -> None:
    with transaction(desk.person.business_id) as session:
        elsewhere = sessions.open_session(session, desk.person.id)
    page = desk.open()
    page.switch_page("app_pages/account/page.py")
    page = desk.run()
    page.text_input(key="password").set_value("a new password")
    page.text_input(key="password_again").set_value("a new passwort")
    page.form_submit_button[0].click()
    page = desk.run()
    assert [one.value for one in page.error] == ["The two passwords differ."]
    page.text_input(key="password").set_value("a new password")
    page.text_input(key="password_again").set_value("a new password")
    page.form_submit_button[0].click()
    page = desk.run()
    assert [one.value for one in page.error] == ["That is not your current password."]
    page.text_input(key="password_present").set_value(PASSWORD)
    page.form_submit_button[0].click()
    page = desk.run()
    assert len(page.success) == 1
    with system_transaction() as session:
        assert users.authenticate(session, desk.person.email, "a new password") is not None
        assert sessions.session_agent(session, elsewhere) is None
        assert sessions.session_agent(session, desk.person.token) is not None


MANAGERS_PAGES = {
    "audit", "bot", "channels", "dead_letters", "health", "improve", "knowledge", "monitor", "people",
    "prices", "teams",
}  # fmt: skip
ADMINISTRATORS_PAGES = {"keys", "webhooks"}


@pytest.mark.parametrize(
    ("role", "withheld"),
    [
        (Role.AGENT, MANAGERS_PAGES | ADMINISTRATORS_PAGES),
        (Role.MANAGER, ADMINISTRATORS_PAGES),
        (Role.ADMINISTRATOR, set()),
    ],
)
def test_a_role_is_given_no_page_but_its_own(business, monkeypatch, role: Role, withheld: set[str]) -> None:
    given: list[str] = []
    navigate = st.navigation

    def noted(pages: dict[str, list[Any]], **options: Any) -> Any:
        given.extend(page.url_path or "inbox" for group in pages.values() for page in group)
        return navigate(pages, **options)

    monkeypatch.setattr(st, "navigation", noted)
    Desk(person(business.business_id, role=role), monkeypatch).open()
    every = {path.parent.name for path in Path(APP).with_name("app_pages").glob("*/page.py")}
    assert set(given) == every - withheld


def test_every_page_can_be_left_and_returned_to(business, monkeypatch) -> None:
    """Streamlit forgets what stood in a page's widgets while another page is drawn."""
    desk = Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    desk.open()
    for name in sorted(path.parent.name for path in Path(APP).with_name("app_pages").glob("*/page.py")):
        desk.page.switch_page(f"app_pages/{name}/page.py")
        desk.run()
        first = _seen(desk.page)
        desk.page.switch_page("app_pages/people/page.py" if name == "account" else "app_pages/account/page.py")
        desk.run()
        desk.run()
        desk.page.switch_page(f"app_pages/{name}/page.py")
        desk.run()
        assert _seen(desk.page) == first, name


def _seen(page: AppTest) -> list[tuple[str, str]]:
    """A page's widgets and what it says is wrong."""
    widgets = (*page.text_input, *page.selectbox, *page.toggle, *page.button)
    return [(one.type, one.label) for one in widgets] + [(one.type, one.value) for one in page.error]


# Actions, as the pages call them.


@pytest.fixture
def acting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Whoever acts, outside a page run: there is no session state to remember them in."""
    import streamlit as st

    monkeypatch.setattr(st, "session_state", {})
    return desk.person


def test_a_reply_takes_over_and_is_queued_once_however_often_it_is_said(acting, talk) -> None:
    token = str(uuid.uuid4())
    for _ in range(3):
        inbox_commands.reply(talk, " On its way ", token)
    assert replies(talk) == ["On its way"]
    now = state_of(talk)
    assert (now.mode, now.assignee_id) == ("human", acting.id)
    assert now.unread_count == 1, "it is answered when the answer was sent"
    with system_transaction() as session:
        assert len(session.scalars(select(Delivery)).all()) == 1
        assert session.scalars(select(Message.author_id).where(Message.sender == "agent")).one() == acting.id


def test_a_late_repeat_neither_takes_over_again_nor_fails_on_a_closed_conversation(acting, talk) -> None:
    token = str(uuid.uuid4())
    inbox_commands.reply(talk, "Done", token)
    inbox_commands.hand_back(talk)
    inbox_commands.reply(talk, "Done", token)
    assert state_of(talk).mode == "bot"
    inbox_commands.close(talk)
    inbox_commands.reply(talk, "Done", token)
    assert replies(talk) == ["Done"]


@pytest.mark.parametrize(
    ("values", "code"),
    [({"window_expires_at": None}, "window_closed"), ({"status": "closed"}, "conflict")],
)
def test_a_reply_that_cannot_go_out_changes_nothing(acting, business, values, code) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, **values)
    with refused(code):
        inbox_commands.reply(talk, "Hello", str(uuid.uuid4()))
    assert replies(talk) == []
    assert state_of(talk).mode == "bot"


def test_nobody_who_opted_out_is_written_to(acting, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, opted_out_at=datetime.now(UTC))
    with refused("opted_out"):
        inbox_commands.reply(talk, "Hello", str(uuid.uuid4()))


def test_only_what_was_unread_is_announced_as_seen(acting, talk, monkeypatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(events, "publish_change", lambda session, conversation_id: told.append(conversation_id))
    for _ in range(3):
        inbox_commands.mark_seen(talk)
    assert told == [talk]
    assert state_of(talk).unread_count == 0


@pytest.mark.parametrize("text", ["", "   ", "nul \0"])
def test_words_that_are_none_are_refused(acting, talk, text: str) -> None:
    with pytest.raises(InvalidMessage):
        inbox_commands.reply(talk, text, str(uuid.uuid4()))


@pytest.mark.parametrize(
    "act",
    [
        lambda talk: inbox_commands.reply(talk, "Hello", str(uuid.uuid4())),
        inbox_commands.take_over, inbox_commands.hand_back, inbox_commands.close, inbox_commands.reopen,
        inbox_commands.mark_seen,
        lambda talk: account_commands.set_password("", "a new password"),
        lambda talk: account_commands.set_language("pt"),
        account_commands.revoke_session,
    ],
)  # fmt: skip
def test_whoever_is_signed_out_can_do_nothing(acting, talk, act) -> None:
    with system_transaction() as session:
        sessions.end_session(session, acting.token)
    with pytest.raises(auth.NotAllowed):
        act(talk)
    now = state_of(talk)
    assert (now.mode, now.status, now.unread_count) == ("bot", "open", 1)


def test_roles_are_asked_of_the_database_not_of_the_page(acting) -> None:
    assert auth.require(*Role, fresh=True).role == "agent"
    with pytest.raises(auth.NotAllowed):
        auth.require(Role.ADMINISTRATOR, fresh=True)
    with system_transaction() as session:
        session.execute(update(Agent).where(Agent.id == acting.id).values(role="administrator"))
    assert auth.require(Role.ADMINISTRATOR, fresh=True).id == acting.id


def test_closing_can_be_undone(desk, talk) -> None:
    desk.open(talk)
    offered = desk.act("close", talk)["undo"]
    assert state_of(talk).status == "closed"
    assert desk.act("undo", talk, value=offered["token"])["said"] == "Undone"
    assert state_of(talk).status == "open"
    assert desk.act("undo", talk, value=offered["token"])["error"] == "This can no longer be undone."


def test_a_place_is_sent_once_and_one_off_the_map_is_refused(desk, talk) -> None:
    desk.open(talk)
    token, place = str(uuid.uuid4()), {"latitude": -34.6, "longitude": -58.4}
    desk.act("send", talk, key=token, place={**place, "name": "Obelisco", "else": 1})
    desk.act("send", talk, key=token, place=place)
    with system_transaction() as session:
        (sent,) = session.scalars(select(Message.payload).where(Message.type == "location"))
    assert sent["location"] == {"latitude": -34.6, "longitude": -58.4, "name": "Obelisco"}
    assert "error" in desk.act("send", talk, place={**place, "latitude": 91})
    assert len(replies(talk)) == 1
