"""Delivery of notifications: every service, retries, language, and links."""

from __future__ import annotations

from typing import Any

import pytest

from core.accounts import notification_delivery, notification_texts
from core.accounts.notification_delivery import Service
from core.accounts.notifications import notify
from core.models import Role, Severity
from core.monitoring import alerts
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import column, one, rows


class Catcher:
    """A fake service that accepts or rejects notifications."""

    def __init__(self, *, up: bool = True) -> None:
        self.up = up
        self.took: list[tuple[str, str, str]] = []

    def notify(self, *, title: str, body: str, notify_type: str) -> bool:
        if self.up:
            self.took.append((title, body, notify_type))
        return self.up


@pytest.fixture
def catcher() -> Catcher:
    return Catcher()


def send(*catchers: Any) -> bool:
    return notification_delivery.send_due([Service(f"service {n}", one) for n, one in enumerate(catchers)])


def note(business: TestBusiness, kind: str = "test", severity: Severity = Severity.WARNING, **more: Any) -> None:
    with transaction(business.business_id) as session:
        notify(session, kind, severity, "Something happened.", **more)


def make_due() -> None:
    rows("UPDATE notifications SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")


def test_a_rejected_notification_is_retried_only_at_that_service(business: TestBusiness, catcher: Catcher) -> None:
    note(business)
    down = Catcher(up=False)
    send(catcher, down)
    assert rows("SELECT sent_at, attempts, next_attempt_at > now() FROM notifications") == [(None, 1, True)]
    send(catcher, down)  # not due yet
    assert one("SELECT attempts FROM notifications") == 1
    down.up = True
    make_due()
    send(catcher, down)
    assert (len(catcher.took), len(down.took)) == (1, 1)
    assert rows("SELECT sent_at IS NOT NULL, next_attempt_at FROM notifications") == [(True, None)]
    make_due()
    send(catcher, down)
    assert len(catcher.took) == 1


def test_retries_are_bounded_and_the_notification_remains_listed(business: TestBusiness) -> None:
    note(business)
    waits = []
    for _ in range(9):
        make_due()
        send(Catcher(up=False))
        waits.append(round(one("SELECT extract(epoch FROM next_attempt_at - now()) FROM notifications")))
    assert [wait // 10 * 10 for wait in waits[:2]] in ([10, 30], [0, 20])
    assert waits == sorted(waits) and waits[-1] <= 3600
    rows("UPDATE notifications SET created_at = now() - interval '25 hours'")
    make_due()
    send(Catcher(up=False))
    assert rows("SELECT next_attempt_at, sent_at FROM notifications") == [(None, None)]


class Broken:
    def notify(self, **_: Any) -> bool:
        raise ValueError("a plug-in's bug")


def test_a_failing_service_does_not_block_the_others(business: TestBusiness, catcher: Catcher) -> None:
    note(business)
    send(Broken(), catcher)
    assert len(catcher.took) == 1
    assert one("SELECT sent_at FROM notifications") is None


def test_without_a_service_nothing_is_due_and_nothing_counts_as_sent(business: TestBusiness, catcher: Catcher) -> None:
    note(business)
    assert send() is False
    assert rows("SELECT sent_at, next_attempt_at FROM notifications") == [(None, None)]
    send(catcher)  # old ones are not sent when a service is configured later
    assert catcher.took == []


def test_a_backlog_is_sent_completely_in_batches(business: TestBusiness, catcher: Catcher) -> None:
    for n in range(45):
        note(business, severity=Severity.HIGH if n % 2 else Severity.INFO)
    while send(catcher):
        pass
    assert sum(body.count("Something happened.") for _, body, _ in catcher.took) == 45
    assert len(catcher.took) == 6
    assert {kind for _, _, kind in catcher.took} == {"info", "failure"}


@pytest.mark.parametrize(("language", "words"), [("en", "asked for one"), ("es", "la pidió"), ("pt", "foi pedida")])
def test_it_is_sent_in_the_administrators_language_with_name_and_link(
    business: TestBusiness, catcher: Catcher, language: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.platform.config import get_settings

    monkeypatch.setattr(get_settings(), "console_url", "https://desk.example/")
    someone = person(business.business_id, role=Role.ADMINISTRATOR)
    rows(f"UPDATE agents SET language = '{language}' WHERE email = '{someone.email}'")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    rows("UPDATE contacts SET name = 'María {0} Gómez'")
    note(business, "handed_off", conversation_id=talk, data={"reason": "keyword", "owner": ""})
    send(catcher)
    ((title, body, kind),) = catcher.took
    assert "María {0} Gómez" in body and words in body
    assert f"https://desk.example/inbox?c={talk}" in body
    assert kind == "warning" and notification_texts.severity_word(language, "warning", cleared=False) in title


def test_stopped_workers_notify_once_and_clear_once(business: TestBusiness, catcher: Catcher) -> None:
    rows(
        "INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory)"
        " VALUES ('a', now(), now() - interval '40 seconds', '{}', '{}', 0, 0)"
    )

    def evaluate_and_send() -> None:
        with system_transaction() as session:
            alerts.evaluate(session)
        send(catcher)

    for _ in range(3):
        evaluate_and_send()
    assert [kind for _, _, kind in catcher.took] == ["failure"]
    rows("DELETE FROM worker_reports")  # as they are after days
    rows("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    evaluate_and_send()
    assert len(catcher.took) == 1
    rows(
        "INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory)"
        " VALUES ('b', now(), now(), '{}', '{}', 0, 0)"
    )
    rows("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    for _ in range(3):
        evaluate_and_send()
    assert [kind for _, _, kind in catcher.took] == ["failure", "success"]
    assert column("SELECT severity FROM notifications ORDER BY id") == ["high", "info"]


@pytest.mark.parametrize("language", notification_texts.LANGUAGES)
def test_every_language_has_the_same_texts(language: str) -> None:
    import string

    def shape(code: str) -> dict[str, list[str]]:
        return {
            key: sorted(name for _, name, _, _ in string.Formatter().parse(words) if name)
            for key, words in notification_texts.catalogue(code).items()
        }

    assert shape(language) == shape("en")
    known = {key[5:] for key in notification_texts.catalogue(language) if key.startswith("alert")}
    assert {f"_{kind}" for kind in alerts.KINDS} <= known
