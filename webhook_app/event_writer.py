"""The durable front door: a raw event is committed before its 200 is given.

Requests hand their events to one writer per process. It writes whatever waits with a single statement and commit, then
releases them all; the commit under way is the window in which the next batch gathers. Writing is idempotent (a body has
one digest), so a batch is simply repeated while Postgres is away, for as long as a provider waits.
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
_PATIENCE_SECONDS = 3.0
_PAUSE_SECONDS = 0.05
_STALE_SECONDS = 8.0  # a waiter gives up even if the writer itself is stuck


class _Waiting:
    """An event on its way, and the lock its request waits on."""

    __slots__ = ("error", "event", "released")

    def __init__(self, event: RawEvent) -> None:
        self.event = event
        self.error: Exception | None = None
        self.released = threading.Lock()
        self.released.acquire()


class EventWriter:
    """One writer for this process. Starts with the first event, so after any fork."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._waiting: deque[_Waiting] = deque()
        self._arrived = threading.Condition(threading.Lock())
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None
        self._stopping = False
        self._connection: psycopg.Connection[Any] | None = None

    def accept(self, event: RawEvent) -> None:
        """Return once the event is committed and a worker is told.

        Raises:
            StoreUnavailable: it could not be stored; the provider must deliver it again.
        """
        if self._writer is None:
            self._start()
        one = _Waiting(event)
        with self._arrived:
            self._waiting.append(one)
            self._arrived.notify()
        if not one.released.acquire(timeout=_STALE_SECONDS):
            raise StoreUnavailable("The event was not stored in time.")
        if one.error is not None:
            raise StoreUnavailable("The event could not be stored.") from one.error

    def stop(self) -> None:
        """Write what waits and end the writer."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
        if self._writer is not None:
            self._writer.join(_STALE_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_for_ever, name="intake", daemon=True)
                self._writer.start()

    def _write_for_ever(self) -> None:
        while batch := self._next_batch():
            errors = self._write(batch)
            for one in batch:
                one.error = errors.get(id(one))
                one.released.release()
            if len(errors) < len(batch):
                job_queue.wake_worker()
        self._disconnect()

    def _next_batch(self) -> list[_Waiting]:
        """What waits, at least one; empty when stopping."""
        with self._arrived:
            while not self._waiting and not self._stopping:
                self._arrived.wait()
            return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _write(self, batch: list[_Waiting]) -> dict[int, Exception]:
        """Write a batch; the errors of those that could not be, by identity of the waiter."""
        try:
            self._store([one.event for one in batch])
        except psycopg.OperationalError as error:
            return {id(one): error for one in batch}
        except Exception as error:  # noqa: BLE001 - whatever one event provokes, the writer must live on
            if len(batch) == 1:
                log.error("event_not_storable", error=str(error))
                return {id(batch[0]): error}
            return {key: value for one in batch for key, value in self._write([one]).items()}
        return {}

    def _store(self, events: list[RawEvent]) -> None:
        """Write and commit, repeating while the connection fails. Raises the last error when patience is over."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
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
