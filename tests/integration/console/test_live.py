"""Announcements of changes, from a transaction to a listener; and who is at a conversation, between browsers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from console.http import change_feed, live_updates
from console.http.change_feed import News
from console.http.security import COOKIE
from core.accounts import sessions
from core.platform import events
from core.platform.db import system_transaction, transaction
from core.platform.errors import StoreUnavailable
from core.platform.events import Change, Presence
from tests.factories import Person, conversation, person


@pytest.fixture
def listener(business, database: str):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"LISTEN {events.TOPIC}")
        heard(connection)  # what the test before said last
        yield connection


def heard(listener: psycopg.Connection) -> list[Change | Presence | None]:
    """What came, up to a mark sent afterwards: Postgres delivers in the order of commits."""
    with system_transaction() as session:
        events.publish(session, Change(0, 0))
    changes: list[Change | Presence | None] = []
    for notification in listener.notifies(timeout=10):
        change = events.parse(notification.payload)
        if change == Change(0, 0):
            return changes
        changes.append(change)
    raise AssertionError("the mark did not come")


def test_a_change_is_told_once_and_only_when_it_is_committed(business, listener) -> None:
    with transaction(business.business_id) as session:
        events.publish_change(session, 5)
        events.publish_change(session, 5)
    with pytest.raises(RuntimeError, match="undo"), transaction(business.business_id) as session:
        events.publish_change(session, 6)
        raise RuntimeError("undo")
    assert heard(listener) == [Change(business.business_id, 5)]


def test_a_change_is_told_although_the_connection_broke_meanwhile(business, listener) -> None:
    ended = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    listener.execute(f"{ended} WHERE datname = current_database() AND query LIKE 'SELECT pg_notify(%'")
    with transaction(business.business_id) as session:
        events.publish_change(session, 5)
    assert heard(listener) == [Change(business.business_id, 5)]


@pytest.mark.parametrize(
    "payload", ["", "x", "[1]", "[1, 2]", '{"a": 1}', '["1", 2, 3]', "[null, 1]", "[1, 2, 3, 4, true, true]"]
)
def test_what_is_not_ours_is_ignored(payload: str) -> None:
    assert events.parse(payload) is None


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The live socket alone, at a desk where nobody was."""
    monkeypatch.setattr(live_updates, "_seen", {})
    with TestClient(
        Starlette(routes=[WebSocketRoute("/live", live_updates.socket)]), base_url="http://desk.example"
    ) as client:
        yield client


def connect(desk: TestClient, who: Person) -> WebSocketTestSession:
    headers = {"cookie": f"{COOKIE}={who.token}", "origin": "http://desk.example"}
    return desk.websocket_connect("ws://desk.example/live", headers=headers)


def announced(listener: psycopg.Connection) -> Presence:
    """The next presence that is announced."""
    for notification in listener.notifies(timeout=10):
        if isinstance(found := events.parse(notification.payload), Presence):
            return found
    raise AssertionError("nobody was announced")


def test_a_browser_tells_where_it_looks_under_the_name_of_its_session(business, listener, desk) -> None:
    ana = person(business.business_id)
    here = Presence(business.business_id, 7, ana.id, "Ana Torres", typing=True)
    with connect(desk, ana) as browser:
        browser.send_json({"looking": 7, "typing": True, "name": "The Boss", "agent": 1, "business": 2})
        assert announced(listener) == here
    gone = Presence(business.business_id, 7, ana.id, "Ana Torres", typing=False, here=False)
    assert announced(listener) == gone


@pytest.mark.parametrize(
    "said", ["", "[]", "{", '{"looking": 7}', '{"looking": "7", "typing": true}', "[" * 150, '{"a": "' + "x" * 5000]
)
def test_what_a_browser_should_not_say_is_passed_over(
    business, listener, desk, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(live_updates, "_LISTEN_EVERY_SECONDS", 0)
    with connect(desk, person(business.business_id)) as browser:
        browser.send_text(said)
        browser.send_json({"looking": 8, "typing": False})
        assert announced(listener).conversation_id == 8


def test_whoever_is_signed_out_hears_it_without_asking(business, desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "_RECHECK_SECONDS", 0.05)
    ana = person(business.business_id)
    with connect(desk, ana) as browser:
        with system_transaction() as session:
            sessions.end_session(session, ana.token)
        with pytest.raises(WebSocketDisconnect) as closed:
            browser.receive_json()
    assert closed.value.code == live_updates.SIGNED_OUT


def test_only_colleagues_at_the_same_conversation_are_told(business, listener, desk) -> None:
    ana = person(business.business_id)
    with connect(desk, ana) as browser:
        browser.send_json({"looking": 7, "typing": False})
        assert announced(listener).agent_id == ana.id
        for other in (
            Presence(business.business_id + 1, 7, 101, "Of another business", typing=True),
            Presence(business.business_id, 8, 102, "Elsewhere", typing=True),
            Presence(business.business_id, 7, ana.id, "Ana Torres", typing=True),
            Presence(business.business_id, 7, 103, "Bea", typing=True),
        ):
            browser.portal.call(live_updates._introduce, other)
        told = {"conversation": 7, "agent": 103, "name": "Bea", "typing": True, "here": True}
        assert browser.receive_json() == told


def test_who_comes_hears_who_is_there_and_those_long_silent_are_forgotten(
    business, listener, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_updates, "_LISTEN_EVERY_SECONDS", 0)
    with connect(desk, person(business.business_id)) as browser:
        bea = Presence(business.business_id, 7, 103, "Bea", typing=False)
        browser.portal.call(live_updates._introduce, bea)
        browser.send_json({"looking": 7, "typing": False})
        assert browser.receive_json()["name"] == "Bea"
        live_updates._seen[bea.business_id, 7, 103] = (live_updates._seen[bea.business_id, 7, 103][0] - 11, bea)
        browser.send_json({"looking": 8, "typing": False})
        browser.portal.call(live_updates._introduce, Presence(business.business_id, 9, 104, "Eva", typing=False))
        browser.send_json({"looking": 7, "typing": False})
        browser.send_json({"looking": 9, "typing": False})
        assert browser.receive_json()["name"] == "Eva"


def test_a_browser_is_heard_now_and_then_only(business, listener, desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "_LISTEN_EVERY_SECONDS", 60)
    with connect(desk, person(business.business_id)) as browser:
        for number in range(1, 6):
            browser.send_json({"looking": number, "typing": False})
        assert announced(listener).conversation_id == 1
        assert [change for change in heard(listener) if isinstance(change, Presence)] == []


@pytest.mark.parametrize(
    ("called", "rings"),
    [(lambda _: events.ALL_AGENTS, True), (lambda me: me, True), (lambda _: 999, False), (lambda _: None, False)],
)
def test_a_customer_calls_whoever_answers_them(
    business, desk, called: Callable[[int], int | None], rings: bool
) -> None:
    ana = person(business.business_id)
    with connect(desk, ana) as browser:
        browser.portal.call(live_updates._pass_on, Change(business.business_id, 7, called(ana.id)))
        if rings:
            assert browser.receive_json() == {"calls": [7]}
        browser.portal.call(live_updates._pass_on, Change(business.business_id, 8, events.ALL_AGENTS))
        told = [
            said for said in (browser.receive_json() for _ in range(3)) if isinstance(said, dict) and "calls" in said
        ]
        assert told == [{"calls": [8]}]


def test_what_is_looked_at_is_to_be_read_again_and_what_moves_comes_as_it_looks(business, listener, desk) -> None:
    ana, bea = person(business.business_id), person(business.business_id, name="Bea")
    here = conversation(business.business_id, business.whatsapp_channel_id)
    there = conversation(business.business_id, business.whatsapp_channel_id, mode="human", assignee_id=bea.id)
    with connect(desk, ana) as browser:
        browser.send_json({"looking": here, "typing": False})
        assert announced(listener).conversation_id == here
        browser.portal.call(live_updates._pass_on, Change(business.business_id, here))
        browser.portal.call(live_updates._pass_on, Change(business.business_id, there))
        assert browser.receive_json() == [here]
        told = browser.receive_json()
        assert {(row["id"], row["who"]) for row in told["rows"]} == {(here, None), (there, "Bea")}
        assert told["counts"] == {"waiting": 0, "mine": 0, "bot": 1}
        assert told["told"] == [here]
        browser.portal.call(live_updates._pass_on, Change(business.business_id, there))
        assert browser.receive_json()["told"] == []


def test_rows_are_read_one_batch_after_the_other(business, desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an older row could come after a newer one."""
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    begun, may_end, read = threading.Semaphore(0), threading.Event(), change_feed.read

    def read_slowly(*asked: Any) -> News:
        begun.release()
        assert may_end.wait(10)
        return read(*asked)

    monkeypatch.setattr(change_feed, "read", read_slowly)
    monkeypatch.setattr(live_updates, "_TOGETHER_SECONDS", 0.001)
    with connect(desk, person(business.business_id)) as browser:
        browser.portal.call(live_updates._pass_on, Change(business.business_id, talk))
        assert begun.acquire(timeout=10)
        browser.portal.call(live_updates._pass_on, Change(business.business_id, talk))
        browser.portal.call(asyncio.sleep, 0.05)
        assert not begun.acquire(blocking=False)
        may_end.set()
        assert begun.acquire(timeout=10)
        assert [row["id"] for row in browser.receive_json()["rows"]] == [talk]


def test_a_conversation_that_is_gone_is_to_be_read_again(business, desk) -> None:
    with connect(desk, person(business.business_id)) as browser:
        browser.portal.call(live_updates._pass_on, Change(business.business_id, 10**9))
        assert browser.receive_json() == [10**9]


def test_pages_read_for_themselves_what_could_not_be_read_for_all(business, desk, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    talk = conversation(business.business_id, business.whatsapp_channel_id)
    with connect(desk, person(business.business_id)) as browser:
        monkeypatch.setattr(change_feed, "read", fail)
        browser.portal.call(live_updates._pass_on, Change(business.business_id, talk))
        assert browser.receive_json() == [talk]
