"""Group commit: one thread writes the entries of many threads, all waiting ones in one transaction.

The next batch accumulates while a commit runs, so nothing waits for a timer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from core.platform.db_retry import POSTGRES_AWAY, retry_until_available

Entry = TypeVar("Entry")
Result = TypeVar("Result")

_BATCH = 64  # entries in one commit


class GroupCommit(Generic[Entry, Result]):
    """Collects entries and saves them together.

    `write(entries)` saves them in one transaction, returns a result for each, and is idempotent. When a batch fails its
    entries are written one by one, so that a bad entry fails alone.
    """

    def __init__(self, name: str, write: Callable[[Sequence[Entry]], Sequence[Result]]) -> None:
        self._name = name
        self._write = write
        self._waiting: deque[tuple[Entry, Future[Result]]] = deque()
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, entry: Entry) -> Result:
        """Write an entry and return its result after the commit. Raises the error that prevented it."""
        future: Future[Result] = Future()
        with self._ready:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.append((entry, future))
            self._ready.notify()
        return future.result()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._waiting:
                    self._ready.wait()
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            self._flush(batch)

    def _flush(self, batch: Sequence[tuple[Entry, Future[Result]]]) -> None:
        try:
            results = retry_until_available(lambda: self._write([entry for entry, _ in batch]))
        except Exception as error:  # noqa: BLE001 - raised again where the entry was submitted
            if len(batch) == 1 or isinstance(error, POSTGRES_AWAY):
                for _, future in batch:
                    future.set_exception(error)
            else:
                for one in batch:
                    self._flush([one])
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)
