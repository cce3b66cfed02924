"""Notices reach people: by every service, again when one is down, in their language, with what they need to act."""

from __future__ import annotations

from typing import Any

import pytest

from core.accounts import notification_delivery, notification_texts
from core.accounts.notification_delivery import Service
from core.accounts.notifications import notify
from core.models import Severity
from core.monitoring import alerts
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.console.people import conversation, person
from tests.inbox.steps import column, one, rows


class Catcher:
    """A service that takes what it is sent, or does not."""

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
        notify(session, business.business_id, kind, severity, "Something happened.", **more)


def come_due() -> None:
    rows("UPDATE notices SET next_try_at = now() WHERE next_try_at IS NOT NULL")


def test_one_that_a_service_did_not_take_is_tried_again_there_and_nowhere_else(
    business: TestBusiness, catcher: Catcher
) -> None:
    note(business)
    down = Catcher(up=False)
    send(catcher, down)
    assert rows("SELECT sent_at, tries, next_try_at > now() FROM notices") == [(None, 1, True)]
    send(catcher, down)  # not yet due
    assert one("SELECT tries FROM notices") == 1
    down.up = True
    come_due()
    send(catcher, down)
    assert (len(catcher.took), len(down.took)) == (1, 1)
    assert rows("SELECT sent_at IS NOT NULL, next_try_at FROM notices") == [(True, None)]
    come_due()
    send(catcher, down)
    assert len(catcher.took) == 1


def test_trying_again_is_bounded_and_the_notice_stays(business: TestBusiness) -> None:
    note(business)
    waits = []
    for _ in range(9):
        come_due()
        send(Catcher(up=False))
        waits.append(round(one("SELECT extract(epoch FROM next_try_at - now()) FROM notices")))
    assert [wait // 10 * 10 for wait in waits[:2]] in ([10, 30], [0, 20])
    assert waits == sorted(waits) and waits[-1] <= 3600
    rows("UPDATE notices SET created_at = now() - interval '25 hours'")
    come_due()
    send(Catcher(up=False))
    assert rows("SELECT next_try_at, sent_at FROM notices") == [(None, None)]


class Broken:
    def notify(self, **_: Any) -> bool:
        raise ValueError("a plug-in's bug")


def test_a_service_that_breaks_keeps_the_others_from_nothing(business: TestBusiness, catcher: Catcher) -> None:
    note(business)
    send(Broken(), catcher)
    assert len(catcher.took) == 1
    assert one("SELECT sent_at FROM notices") is None


def test_without_a_service_nothing_waits_and_nothing_counts_as_sent(business: TestBusiness, catcher: Catcher) -> None:
    note(business)
    assert send() is False
    assert rows("SELECT sent_at, next_try_at FROM notices") == [(None, None)]
    send(catcher)  # nobody is told of old ones when a service is set later
    assert catcher.took == []


def test_a_backlog_goes_out_whole_and_together(business: TestBusiness, catcher: Catcher) -> None:
    for n in range(45):
        note(business, severity=Severity.HIGH if n % 2 else Severity.INFO)
    while send(catcher):
        pass
    assert sum(body.count("Something happened.") for _, body, _ in catcher.took) == 45
    assert len(catcher.took) == 6
    assert {kind for _, _, kind in catcher.took} == {"info", "failure"}


@pytest.mark.parametrize(("language", "words"), [("en", "asked for one"), ("es", "la pidió"), ("pt", "foi pedida")])
def test_it_is_told_in_the_administrators_language_with_name_and_link(
    business: TestBusiness, catcher: Catcher, language: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.platform.config import get_settings

    monkeypatch.setattr(get_settings(), "console_url", "https://desk.example/")
    someone = person(business.business_id, role="administrator")
    rows(f"UPDATE agents SET language = '{language}' WHERE email = '{someone.email}'")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    rows("UPDATE contacts SET name = 'María {0} Gómez'")
    note(business, "handed_off", conversation_id=talk, data={"reason": "keyword", "owner": ""})
    send(catcher)
    ((title, body, kind),) = catcher.took
    assert "María {0} Gómez" in body and words in body
    assert f"https://desk.example/inbox?c={talk}" in body
    assert kind == "warning" and notification_texts.severity_word(language, "warning", cleared=False) in title


def test_workers_that_stop_on_a_quiet_desk_are_told_once_and_cleared_once(
    business: TestBusiness, catcher: Catcher
) -> None:
    rows(
        "INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory)"
        " VALUES ('a', now(), now() - interval '40 seconds', '{}', '{}', 0, 0)"
    )

    def round_() -> None:
        with system_transaction() as session:
            alerts.evaluate(session)
        send(catcher)

    for _ in range(3):
        round_()
    assert [kind for _, _, kind in catcher.took] == ["failure"]
    rows("DELETE FROM worker_reports")  # as they are after days
    rows("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    round_()
    assert len(catcher.took) == 1
    rows(
        "INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory)"
        " VALUES ('b', now(), now(), '{}', '{}', 0, 0)"
    )
    rows("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    for _ in range(3):
        round_()
    assert [kind for _, _, kind in catcher.took] == ["failure", "success"]
    assert column("SELECT severity FROM notices ORDER BY id") == ["high", "info"]


@pytest.mark.parametrize("language", notification_texts.LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    import string

    def shape(code: str) -> dict[str, list[str]]:
        return {
            key: sorted(name for _, name, _, _ in string.Formatter().parse(words) if name)
            for key, words in notification_texts.catalogue(code).items()
        }

    assert shape(language) == shape("en")
    known = {key[5:] for key in notification_texts.catalogue(language) if key.startswith("alert")}
    assert {f"_{kind}" for kind in alerts.KINDS} <= known
