"""Dead letters, the webhook log and keys as people see them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.actions import operations as actions
from console.auth import NotAllowed
from core.db import system_transaction
from core.inbox import events
from core.inbox.events import RawEvent
from core.inbox.receive import receive_pending
from core.models import Role
from tests.conftest import TestBusiness
from tests.console.people import person
from tests.console.test_pages import Desk
from tests.inbox.steps import one, rows
from workers.meter import Meter


def arrives(body: bytes) -> None:
    """A body of Meta's is stored and processed."""
    event = RawEvent("whatsapp_cloud", "application/json", "", body, datetime.now(UTC))
    with system_transaction() as session:
        events.store_raw(session.connection().connection.driver_connection, [event])  # type: ignore[arg-type]
    process()


def process() -> None:
    with system_transaction() as session:
        receive_pending(session, carefully=True)


def at(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, role: Role, name: str) -> Desk:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.open().switch_page(f"app_pages/{name}.py")
    desk.run()
    return desk


def test_a_dead_letter_is_tried_again_and_its_result_is_shown(business, monkeypatch: pytest.MonkeyPatch) -> None:
    arrives(b"\xff\xfe no text")
    desk = at(business, monkeypatch, Role.MANAGER, "dead_letters")
    desk.page.button(key="replay_all_0").click()
    desk.run()
    assert one("SELECT count(*) FROM webhook_events WHERE processed_at IS NULL") == 1
    assert "Being processed" in str([badge.value for badge in desk.page.get("markdown")])
    process()
    desk.run()
    assert "Failed again" in str([badge.value for badge in desk.page.get("markdown")])
    assert rows("SELECT replayed_at IS NULL FROM dead_letters ORDER BY id") == [(False,), (True,)]


def test_a_dead_letter_is_discarded_and_the_audit_log_knows(business, monkeypatch: pytest.MonkeyPatch) -> None:
    arrives(b"{")
    desk = at(business, monkeypatch, Role.MANAGER, "dead_letters")
    desk.page.button(key="discard_all_0").click()
    desk.run()
    assert rows("SELECT id FROM dead_letters") == []
    assert one("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1") == "webhook.discard"


def test_the_log_shows_what_arrived_and_filters_it(business, monkeypatch: pytest.MonkeyPatch) -> None:
    arrives(b"{")
    desk = at(business, monkeypatch, Role.ADMINISTRATOR, "webhooks")
    (table,) = desk.page.dataframe
    assert table.value["Outcome"].tolist() == ["With dead letters"]
    desk.page.selectbox(key="hooks_state").set_value("processed")
    desk.run()
    assert not desk.page.dataframe


def test_a_key_is_shown_once_and_revoked(business, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(business, monkeypatch, Role.ADMINISTRATOR, "keys")
    page = desk.page
    page.text_input(key="key_name").set_value("Shop")
    page.multiselect(key="key_scopes").set_value(["messages:write"])
    page.form_submit_button[0].click()
    desk.run()
    (code,) = page.code
    assert code.value.startswith("bh_")
    ((key_id, name),) = rows("SELECT id, name FROM api_keys WHERE revoked_at IS NULL ORDER BY id DESC LIMIT 1")
    assert name == "Shop"
    page.button(key=f"revoke_{key_id}").click()
    desk.run()
    assert one(f"SELECT revoked_at IS NOT NULL FROM api_keys WHERE id = {key_id}") is True


def test_roles_are_checked_by_the_actions_themselves(business, monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(person(business.business_id, role=Role.AGENT), monkeypatch)
    monkeypatch.setattr("console.auth.current_agent", lambda fresh=False: None)
    for act in (
        lambda: actions.replay_letters(reason="x"), lambda: actions.discard_letters(reason="x"),
        lambda: actions.replay_event(1), lambda: actions.create_key("x", ["admin"]), lambda: actions.revoke_key(1),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()


def test_the_monitor_shows_work_and_workers(business, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter()
    meter.note("sending", 0.3, number=3)
    meter.report()
    desk = at(business, monkeypatch, Role.MANAGER, "monitor")
    kinds, workers = (table.value for table in desk.page.dataframe)
    assert dict(zip(kinds["Work"], kinds["Done"], strict=True))["Messages sent"] == 3
    assert workers["State"].tolist() == ["idle"]
    assert not desk.page.error


def test_the_monitor_says_when_nobody_works(business, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(business, monkeypatch, Role.MANAGER, "monitor")
    assert "No worker" in desk.page.error[0].value
