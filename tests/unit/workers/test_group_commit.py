"""Group commit: many entries, few commits, and a bad entry fails alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import OperationalError

from core.platform import db_retry
from core.platform.group_commit import GroupCommit


def test_entries_that_wait_during_a_commit_are_written_together() -> None:
    batches: list[list[int]] = []
    first_is_in = threading.Event()
    go_on = threading.Event()

    def write(entries: Sequence[int]) -> list[int]:
        batches.append(list(entries))
        first_is_in.set()
        assert go_on.wait(10)
        return [entry * 2 for entry in entries]

    commits = GroupCommit("test", write)
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(commits.submit, 0)
        assert first_is_in.wait(10)
        others = [threads.submit(commits.submit, number) for number in range(1, 10)]
        while len(commits._waiting) < 9:
            threading.Event().wait(0.001)
        go_on.set()
        assert [first.result(10), *(other.result(10) for other in others)] == [number * 2 for number in range(10)]
    assert batches[0] == [0]
    assert len(batches) == 2


def test_an_entry_that_cannot_be_written_fails_alone() -> None:
    written: set[int] = set()

    def write(entries: Sequence[int]) -> list[None]:
        if 13 in entries:
            raise ValueError("unlucky")
        written.update(entries)
        return [None] * len(entries)

    commits = GroupCommit("test", write)
    with ThreadPoolExecutor(20) as threads:
        results = {number: threads.submit(commits.submit, number) for number in range(20)}
    assert isinstance(results[13].exception(), ValueError)
    assert written == set(range(20)) - {13}


def test_a_long_outage_of_postgres_is_raised_to_every_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db_retry, "_WAIT_SECONDS", 0.0)
    now = iter(range(0, 10_000, 20))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))

    def write(entries: Sequence[int]) -> list[None]:
        raise OperationalError("INSERT", {}, Exception("away"))

    with pytest.raises(OperationalError):
        GroupCommit("test", write).submit(1)
