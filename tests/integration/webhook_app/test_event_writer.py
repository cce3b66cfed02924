"""The event writer: many requests, few commits, and no error ends it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from core.messaging.inbound.webhook_events import RawEvent, store_raw
from core.platform.config import get_settings
from core.platform.errors import StoreUnavailable
from tests.conftest import TestBusiness
from tests.support.database import one
from webhook_app import event_writer
from webhook_app.event_writer import EventWriter


@pytest.fixture
def writer(business: TestBusiness) -> Iterator[EventWriter]:
    made = EventWriter(get_settings().database_url)
    yield made
    made.stop()


def event(number: int) -> RawEvent:
    return RawEvent("whatsapp_cloud", "application/json", "", b'{"n":%d}' % number, datetime.now(UTC))


def write_all(writer: EventWriter, numbers: Sequence[int]) -> list[Exception]:
    """Write from one thread per event. Returns what was raised."""
    ready, raised = threading.Barrier(len(numbers)), []

    def write(number: int) -> None:
        ready.wait()
        try:
            writer.write(event(number))
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return raised


def test_fifty_requests_at_once_share_commits(writer: EventWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    really = store_raw

    def counted(connection: psycopg.Connection[Any], events: Sequence[RawEvent]) -> None:
        batches.append(len(events))
        really(connection, events)

    monkeypatch.setattr(event_writer, "store_raw", counted)
    assert write_all(writer, range(50)) == []
    assert one("SELECT count(*) FROM webhook_events") == 50
    assert sum(batches) == 50
    assert len(batches) < 50


def test_a_written_event_is_committed(writer: EventWriter) -> None:
    writer.write(event(1))
    with psycopg.connect(get_settings().database_url) as connection:
        assert connection.execute("SELECT count(*) FROM webhook_events").fetchone() == (1,)


def test_one_body_from_many_requests_is_one_row(writer: EventWriter) -> None:
    assert write_all(writer, [7] * 20) == []
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_an_event_that_cannot_be_stored_fails_alone(writer: EventWriter) -> None:
    bad = RawEvent("twilio_status", "application/json", "\x00", b"{}", datetime.now(UTC))
    with pytest.raises(StoreUnavailable):
        writer.write(bad)
    writer.write(event(1))
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_an_unexpected_error_does_not_end_the_writer(writer: EventWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(event_writer, "store_raw", lambda *_: 1 / 0)
        with pytest.raises(StoreUnavailable):
            writer.write(event(1))
    writer.write(event(1))
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_stopping_writes_pending_events(business: TestBusiness) -> None:
    made = EventWriter(get_settings().database_url)
    assert write_all(made, range(5)) == []
    made.stop()
    assert one("SELECT count(*) FROM webhook_events") == 5
    made.stop()
