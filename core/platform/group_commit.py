"""A clerk writes down what many threads bring, with one commit for all that waits.

While one commit is under way the next batch gathers by itself, so nothing waits for a timer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from core.platform.db_retry import retry_until_available

Entry = TypeVar("Entry")
Result = TypeVar("Result")

_MOST = 64  # entries in one commit


class GroupCommit(Generic[Entry, Result]):
    """`write(entries)` gives a result for each, in one transaction, and must be safe to repeat.

    An entry that cannot be written does not take its neighbours with it: they are written one by one then.
    """

    def __init__(self, name: str, write: Callable[[Sequence[Entry]], Sequence[Result]]) -> None:
        self._name = name
        self._write = write
        self._waiting: deque[tuple[Entry, Future[Result]]] = deque()
        self._brought = threading.Condition()
        self._thread: threading.Thread | None = None

    def note(self, entry: Entry) -> Result:
        """Have an entry written down. Returns after the commit; raises what stopped it."""
        written: Future[Result] = Future()
        with self._brought:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.append((entry, written))
            self._brought.notify()
        return written.result()

    def _run(self) -> None:
        while True:
            with self._brought:
                while not self._waiting:
                    self._brought.wait()
                batch = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
            self._write_down(batch)

    def _write_down(self, batch: Sequence[tuple[Entry, Future[Result]]]) -> None:
        try:
            results = retry_until_available(lambda: self._write([entry for entry, _ in batch]))
        except Exception as error:  # noqa: BLE001 - whoever brought the entry learns of it
            if len(batch) == 1 or isinstance(error, OperationalError | InterfaceError):
                for _, written in batch:
                    written.set_exception(error)
            else:
                for one in batch:
                    self._write_down([one])
        else:
            for (_, written), result in zip(batch, results, strict=True):
                written.set_result(result)
