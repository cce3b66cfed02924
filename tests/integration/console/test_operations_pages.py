"""Dead letters, the webhook log, API keys and the queue monitor."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime

import pytest

from console import auth
from console.app_pages.dead_letters import commands as event_actions
from console.app_pages.dead_letters import queries as dead_letters_queries
from console.app_pages.keys import commands as key_actions
from console.app_pages.monitor import commands as monitor_actions
from console.app_pages.monitor import queries as monitor_queries
from console.app_pages.webhooks.body_view import readable
from console.auth import NotAllowed
from core.accounts import api_keys
from core.accounts.api_keys import EVERYTHING, Scope
from core.messaging.inbound import dead_letters
from core.messaging.inbound.webhook_events import quarantine
from core.models import Role
from core.platform import job_queue
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.factories import person
from tests.support.database import column, one, rows
from tests.support.desk import Desk
from tests.support.inbound import customer_writes, store
from tests.support.provider_bodies import meta_body, meta_json, text_value
from workers.jobs.ingest import receive
from workers.stats_reporter import StatsReporter


def at(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, name: str, role: Role = Role.ADMINISTRATOR) -> Desk:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.open().switch_page(f"app_pages/{name}/page.py")
    desk.run()
    return desk


@pytest.fixture
def dead(business: TestBusiness) -> int:
    """A processed event with an item that nobody could make sense of."""
    store(meta_json(meta_body(text_value("Hola <script>alert(1)</script>"))))
    receive()
    event_id: int = one("SELECT max(id) FROM webhook_events")
    with system_transaction() as session:
        quarantine(session, event_id, "KeyError: 'from'", {"type": "odd", "access_token": "s3cret"}, None)
    return event_id


class TestDeadLetters:
    def test_they_are_shown_and_tried_again(
        self, business: TestBusiness, dead: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk = at(business, monkeypatch, "dead_letters", Role.MANAGER)
        assert "KeyError: 'from'" in desk.page.code[0].value
        assert any("An expected value is missing" in one.value for one in desk.page.text)
        assert json.loads(desk.page.code[1].value) == {"type": "odd", "access_token": "•••"}
        desk.page.button(key="replay_KeyError").click()
        desk.run()
        assert one("SELECT processed_at FROM webhook_events") is None
        assert "Everything was processed" in desk.page.success[0].value
        assert receive() == 1
        assert one("SELECT count(*) FROM messages") == 1, "what was stored the first time is left as it is"

    def test_they_are_let_go(self, business: TestBusiness, dead: int, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = at(business, monkeypatch, "dead_letters")
        desk.page.button(key="sure_KeyError").click()
        desk.run()
        assert one("SELECT count(*) FROM dead_letters") == 0
        assert column("SELECT action FROM audit_entries WHERE action LIKE 'dead%'") == ["dead_letter.discard"]

    def test_those_of_nobody_are_not_shown_where_several_businesses_are(
        self, business: TestBusiness, dead: int
    ) -> None:
        rows("INSERT INTO businesses (name) VALUES ('Other')")
        with system_transaction() as session:
            assert dead_letters.pending(session, business.business_id) == []
            assert dead_letters.discard(session, business.business_id, [one("SELECT id FROM dead_letters")]) == 0
            assert dead_letters.replay(session, None, business.business_id) == 0

    def test_agents_do_nothing_about_them(self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
        Desk(person(business.business_id), monkeypatch)
        for act in (event_actions.replay, lambda: event_actions.discard([1]), lambda: dead_letters_queries.dead(None)):
            with pytest.raises(NotAllowed):
                act()


class TestWebhookLog:
    def test_events_with_their_outcome(
        self, business: TestBusiness, dead: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store(meta_json(meta_body(text_value("Otra"))))
        desk = at(business, monkeypatch, "webhooks")
        (table,) = desk.page.dataframe
        assert [words.split()[-1] for words in table.value["Outcome"]] == ["Waiting", "letters"]
        desk.page.selectbox(key="events_outcome").set_value("waiting")
        desk.run()
        assert len(desk.page.dataframe[0].value) == 1
        desk.page.selectbox(key="events_source").set_value("twilio_status")
        desk.run()
        assert "No requests received" in desk.page.info[0].value

    def test_a_body_is_shown_as_text(self, business: TestBusiness, dead: int, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = at(business, monkeypatch, "webhooks")
        desk.page.session_state["event"] = dead
        desk.run()
        assert any("<script>alert(1)</script>" in code.value for code in desk.page.code)

    def test_it_is_for_administrators_of_an_installation_of_their_own(
        self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(ValueError, match="webhooks"):
            at(business, monkeypatch, "webhooks", Role.MANAGER)
        rows("INSERT INTO businesses (name) VALUES ('Other')")
        desk = at(business, monkeypatch, "webhooks")
        assert "several businesses" in desk.page.warning[0].value
        with pytest.raises(NotAllowed):
            dead_letters_queries.body(1)


def test_bodies_are_laid_out_without_secrets() -> None:
    document = readable("application/json", '{"a": {"Access_Token": "x", "b": "ñ"}}'.encode())
    assert json.loads(document) == {"a": {"Access_Token": "•••", "b": "ñ"}}
    form = readable("application/x-www-form-urlencoded", b"Body=Hola&AuthToken=x&Body=")
    assert json.loads(form) == [["Body", "Hola"], ["AuthToken", "•••"], ["Body", ""]]


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b"\xff\xfe\x00\x01\x02", "ff fe000102"), (b"{not json", "{not json"), (b"[" * 50_000, "[" * 50_000)],
    ids=["bytes", "words", "nested"],
)
def test_what_is_no_json_is_shown_as_it_is(body: bytes, shown: str) -> None:
    assert readable("application/json", body) == shown


class TestKeys:
    def test_a_key_is_made_shown_once_and_revoked(
        self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk = at(business, monkeypatch, "keys")
        desk.page.text_input(key="key_name").set_value("Shop")
        desk.page.form_submit_button[0].click()
        desk.run()
        assert "Choose what" in desk.page.error[0].value
        desk.page.text_input(key="key_name").set_value("Shop")
        desk.page.multiselect(key="key_scopes").set_value(["messages:write"])
        desk.page.form_submit_button[0].click()
        desk.run()
        (key,) = [code.value for code in desk.page.code]
        assert key.startswith("bh_")
        desk.run()
        assert not desk.page.code
        key_id = one("SELECT id FROM api_keys")
        desk.page.button(key=f"sure_{key_id}").click()
        desk.run()
        assert one("SELECT revoked_at IS NOT NULL FROM api_keys")
        assert column("SELECT action FROM audit_entries WHERE action LIKE 'api_key%' ORDER BY id") == [
            "api_key.create", "api_key.revoke",
        ]  # fmt: skip

    def test_scopes_are_told_in_words(self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
        with transaction(business.business_id) as session:
            api_keys.create(session, "Shop", [EVERYTHING, *Scope])
        desk = at(business, monkeypatch, "keys")
        (told,) = [caption.value for caption in desk.page.caption if "`*`" in caption.value]
        assert told.startswith("Everything (`*`) · Everything (`admin`) · ")
        assert "Send messages (messages:write)" in desk.page.multiselect(key="key_scopes").options

    def test_only_administrators(self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
        Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
        for act in (lambda: key_actions.create("x", ["admin"]), lambda: key_actions.revoke(1)):
            with pytest.raises(NotAllowed):
                act()


class TestMonitor:
    def test_nothing_yet(self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
        rows("DELETE FROM worker_reports")
        rows("DELETE FROM work_minutes")
        desk = at(business, monkeypatch, "monitor", Role.MANAGER)
        assert "No worker" in desk.page.error[0].value

    def test_work_workers_and_failures(self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
        reporter = StatsReporter()
        reporter.count("replies", 0.4)
        with pytest.raises(RuntimeError), reporter.measure("sending"):
            raise RuntimeError("a bug")
        reporter.flush({"replies": 25}, {"replies": 3})
        desk = at(business, monkeypatch, "monitor")
        kinds = desk.page.dataframe[0].value.set_index("Work")
        assert int(kinds["Errors"]["Sending"]) >= 1
        assert kinds["Mean"]["Bot's answers"].endswith("ms")
        workers = desk.page.dataframe[1].value
        assert "Busy" in list(workers["State"])
        assert f"Worker 1 on {socket.gethostname()}" in list(workers["Worker"])
        assert str(os.getpid()) in list(workers["Process (PID)"])
        assert any("RuntimeError: a bug" in text.value for text in desk.page.text)

    def test_a_failed_job_is_run_again(self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
        Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
        monitor_actions.requeue("nobodys-job")
        assert job_queue.failed_jobs() == []

    def test_agents_do_not_watch(self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ValueError, match="monitor"):
            at(business, monkeypatch, "monitor", Role.AGENT)
        with pytest.raises(NotAllowed):
            monitor_actions.requeue("any")


def test_several_businesses_do_not_see_each_others_work(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows("INSERT INTO task_failures (kind, error, trace) VALUES ('replies', 'KeyError', 'their words')")
    rows("INSERT INTO businesses (name) VALUES ('Other')")
    customer_writes("Hola")
    rows("UPDATE pending_replies SET due_at = now() - interval '1 minute'")
    desk = at(business, monkeypatch, "monitor", Role.MANAGER)
    assert not desk.page.code
    assert any("several businesses" in said.value for said in desk.page.info)
    monkeypatch.setattr(auth, "token", lambda: desk.person.token)
    auth.forget()
    own = monitor_queries.picture(datetime.now(UTC))
    assert {row.kind: row.count for row in own.waiting}["replies"] == 1
    other = person(one("SELECT max(id) FROM businesses"), role=Role.MANAGER)
    monkeypatch.setattr(auth, "token", lambda: other.token)
    auth.forget()
    theirs = monitor_queries.picture(datetime.now(UTC))
    assert {row.count for row in theirs.waiting} == {0} and theirs.failures == []
    with pytest.raises(NotAllowed):
        monitor_actions.requeue("any")
