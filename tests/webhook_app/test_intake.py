"""Many requests, few commits; and a writer that nothing ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from core.messaging.inbound.webhook_events import RawEvent
from core.platform.config import get_settings
from core.platform.errors import StoreUnavailable
from tests.conftest import TestBusiness
from tests.inbox.steps import one
from webhook_app import event_writer as intake_module
from webhook_app.event_writer import EventWriter


@pytest.fixture
def intake(business: TestBusiness) -> Iterator[EventWriter]:
    made = EventWriter(get_settings().database_url)
    yield made
    made.stop()


def event(number: int) -> RawEvent:
    return RawEvent("whatsapp_cloud", "application/json", "", b'{"n":%d}' % number, datetime.now(UTC))


def accept_all(intake: EventWriter, numbers: Sequence[int]) -> list[Exception]:
    """Accept from as many threads at once. Returns what was raised."""
    ready, raised = threading.Barrier(len(numbers)), []

    def accept(number: int) -> None:
        ready.wait()
        try:
            intake.accept(event(number))
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=accept, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return raised


def test_fifty_requests_at_once_share_commits(intake: EventWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    really = intake_module.store_raw

    def counted(connection: psycopg.Connection[Any], events: Sequence[RawEvent]) -> None:
        batches.append(len(events))
        really(connection, events)

    monkeypatch.setattr(intake_module, "store_raw", counted)
    assert accept_all(intake, range(50)) == []
    assert one("SELECT count(*) FROM webhook_events") == 50
    assert sum(batches) == 50
    assert len(batches) < 50


def test_accepted_means_committed(intake: EventWriter) -> None:
    intake.accept(event(1))
    with psycopg.connect(get_settings().database_url) as connection:
        assert connection.execute("SELECT count(*) FROM webhook_events").fetchone() == (1,)


def test_one_body_from_many_requests_is_one_row(intake: EventWriter) -> None:
    assert accept_all(intake, [7] * 20) == []
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_an_event_that_cannot_be_stored_fails_alone(intake: EventWriter) -> None:
    bad = RawEvent("nobody", "application/json", "", b"{}", datetime.now(UTC))
    with pytest.raises(StoreUnavailable):
        intake.accept(bad)
    intake.accept(event(1))
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_an_error_that_nobody_foresaw_does_not_end_the_writer(
    intake: EventWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(intake_module, "store_raw", lambda *_: 1 / 0)
        with pytest.raises(StoreUnavailable):
            intake.accept(event(1))
    intake.accept(event(1))
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_stopping_writes_what_waits(business: TestBusiness) -> None:
    made = EventWriter(get_settings().database_url)
    assert accept_all(made, range(5)) == []
    made.stop()
    assert one("SELECT count(*) FROM webhook_events") == 5
    made.stop()
