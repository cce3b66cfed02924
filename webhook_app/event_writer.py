"""Group commit of raw webhook events: an event is committed before its request is answered with 200.

Requests submit their events to one writer thread per process. It writes all waiting events with one statement and
commit, then releases their requests; the next batch accumulates during the commit. Writing is idempotent (a body has
one digest), so a batch is repeated while Postgres is away, for as long as a provider waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import psycopg
import structlog

from core.messaging.inbound.webhook_events import RawEvent, store_raw
from core.platform import job_queue
from core.platform.errors import StoreUnavailable

log = structlog.get_logger(__name__)

_BATCH = 128
_RETRY_FOR_SECONDS = 3.0
_PAUSE_SECONDS = 0.05
_WAIT_SECONDS = 8.0  # a request gives up even if the writer is stuck


class _Pending:
    """An event to be written, and the lock its request waits on."""

    __slots__ = ("done", "error", "event")

    def __init__(self, event: RawEvent) -> None:
        self.event = event
        self.error: Exception | None = None
        self.done = threading.Lock()
        self.done.acquire()


class EventWriter:
    """The writer of this process. Its thread starts with the first event, so after any fork."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._waiting: deque[_Pending] = deque()
        self._arrived = threading.Condition(threading.Lock())
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None
        self._stopping = False
        self._connection: psycopg.Connection[Any] | None = None

    def write(self, event: RawEvent) -> None:
        """Return once the event is committed.

        Raises:
            StoreUnavailable: it could not be stored; the provider must deliver it again.
        """
        if self._writer is None:
            self._start()
        one = _Pending(event)
        with self._arrived:
            self._waiting.append(one)
            self._arrived.notify()
        if not one.done.acquire(timeout=_WAIT_SECONDS):
            raise StoreUnavailable("The event was not stored in time.")
        if one.error is not None:
            raise StoreUnavailable("The event could not be stored.") from one.error

    def stop(self) -> None:
        """Write pending events and end the thread."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
        if self._writer is not None:
            self._writer.join(_WAIT_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_forever, name="event-writer", daemon=True)
                self._writer.start()

    def _write_forever(self) -> None:
        while batch := self._next_batch():
            errors = self._write_batch(batch)
            for one in batch:
                one.error = errors.get(id(one))
                one.done.release()
            if len(errors) < len(batch):
                job_queue.wake_worker()
        self._disconnect()

    def _next_batch(self) -> list[_Pending]:
        """Return the pending events, at least one; none when stopping."""
        with self._arrived:
            while not self._waiting and not self._stopping:
                self._arrived.wait()
            return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _write_batch(self, batch: list[_Pending]) -> dict[int, Exception]:
        """Write a batch; return the errors by id() of the pending event."""
        try:
            self._store([one.event for one in batch])
        except psycopg.OperationalError as error:
            return {id(one): error for one in batch}
        except Exception as error:  # noqa: BLE001 - no event may end the writer
            if len(batch) == 1:
                log.error("event_not_storable", error=str(error))
                return {id(batch[0]): error}
            return {key: value for one in batch for key, value in self._write_batch([one]).items()}
        return {}

    def _store(self, events: list[RawEvent]) -> None:
        """Write and commit, retrying while the connection fails. Raises the last error after `_RETRY_FOR_SECONDS`."""
        deadline = time.monotonic() + _RETRY_FOR_SECONDS
        while True:
            try:
                store_raw(self._connect(), events)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._disconnect()
                if time.monotonic() > deadline:
                    log.error("events_not_stored", count=len(events), error=type(error).__name__)
                    raise psycopg.OperationalError(str(error)) from error
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def _connect(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._database_url,
                autocommit=True,
                prepare_threshold=2,
                connect_timeout=2,
                options="-c statement_timeout=5000 -c timezone=UTC",
            )
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
