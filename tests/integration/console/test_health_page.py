"""The health page: what is wrong now, and what was."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from console.app_pages.health import queries
from core.models import Role
from core.monitoring import webhook_health
from core.monitoring.webhook_health import Answered
from tests.factories import person
from tests.integration.health.test_alerts import notified_after
from tests.support.database import rows
from tests.support.desk import Desk


def test_what_is_wrong_is_shown_until_it_is_over(business, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    desk.open().switch_page("app_pages/health/page.py")
    assert desk.run().success[0].value == "No open alerts."
    notified_after("UPDATE channels SET state = 'paused' WHERE kind = 'sms'")
    assert "A channel is paused · sms +15005550006" in [text.value for text in desk.run().text]
    notified_after("UPDATE channels SET state = 'active'")
    notified_after("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    page = desk.run()
    assert page.success
    assert page.dataframe[0].value["What"].tolist() == ["A channel is paused"]


def test_what_an_alert_is_about_is_said_in_words(business, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"workers": "all", "backlog": "replies", "webhook_errors": "inbound", "dead_letters": "waiting"}
    for kind, subject in kinds.items():
        rows(
            "INSERT INTO alerts (business_id, kind, severity, subject)"
            f" VALUES ({business.business_id}, '{kind}', 'high', '{subject}')"
        )
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    desk.open().switch_page("app_pages/health/page.py")
    said = {text.value.partition(" · ")[2] for text in desk.run().text}
    assert {"all of them", "answers of the bot", "incoming messages", "waiting for a retry"} <= said


def test_parts_and_channels_at_a_glance(business, monkeypatch: pytest.MonkeyPatch) -> None:
    rows('UPDATE channels SET last_probe = \'{"well": false, "detail": "no", "latency": 41}\' WHERE kind = \'sms\'')
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    desk.open().switch_page("app_pages/health/page.py")
    page = desk.run()
    assert {"Database", "Redis", "Workers", "Disk", "SMS"} <= {one.value for one in page.text}
    assert "Active · 41 ms · nothing waits" in [one.value for one in page.caption]


@pytest.mark.parametrize(
    ("answered", "badge", "words"),
    [
        (None, ":gray-badge[Not checked yet]", "None received in the last 5 minutes"),
        (Answered(0, 0, 0), ":gray-badge[None received]", "None received in the last 5 minutes"),
        (Answered(960, 30, 10), ":orange-badge[Some fail]", "96% of 1,000 answered with success in the last 5 minutes"),
        (Answered(1, 9, 0), ":red-badge[Does not work]", "10% of 10 answered with success"),
    ],
)
def test_how_webhooks_were_answered_is_shown(business, monkeypatch, answered, badge, words) -> None:
    monkeypatch.setattr(webhook_health, "lately", lambda: answered)
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    desk.open().switch_page("app_pages/health/page.py")
    page = desk.run()
    assert badge in [one.value for one in page.markdown]
    assert any(words in one.value for one in page.caption)


@pytest.mark.parametrize(("role", "linked"), [(Role.AGENT, False), (Role.MANAGER, True)])
def test_what_is_grave_is_said_on_every_page(business, monkeypatch: pytest.MonkeyPatch, role, linked) -> None:
    queries.forget()
    desk = Desk(person(business.business_id, role=role), monkeypatch)

    def said(page: AppTest) -> list[str]:
        return [one.proto.body for one in page.get("html") if 'role="status"' in one.proto.body]

    assert said(desk.open()) == []
    rows("UPDATE channels SET identity = '<b>1' WHERE kind = 'sms'")
    notified_after("UPDATE channels SET state = 'paused' WHERE kind = 'sms'")
    queries.forget()
    page = desk.run()
    assert said(page) == ['<span role="status">A channel is paused: sms &lt;b&gt;1</span>']
    assert ("See Health" in [one.proto.label for one in page.get("page_link")]) is linked
    queries.forget()
