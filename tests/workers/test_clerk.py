"""The clerk: many entries, few commits, and a bad entry harms nobody else."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import OperationalError

from core.platform import db_retry
from core.platform.group_commit import GroupCommit


def test_what_waits_while_a_commit_is_under_way_is_written_together() -> None:
    batches: list[list[int]] = []
    first_is_in = threading.Event()
    go_on = threading.Event()

    def write(entries: Sequence[int]) -> list[int]:
        batches.append(list(entries))
        first_is_in.set()
        assert go_on.wait(10)
        return [entry * 2 for entry in entries]

    clerk = GroupCommit("test", write)
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(clerk.note, 0)
        assert first_is_in.wait(10)
        others = [threads.submit(clerk.note, number) for number in range(1, 10)]
        while len(clerk._waiting) < 9:
            threading.Event().wait(0.001)
        go_on.set()
        assert [first.result(10), *(other.result(10) for other in others)] == [number * 2 for number in range(10)]
    assert batches[0] == [0]
    assert len(batches) == 2


def test_one_that_cannot_be_written_is_told_and_its_neighbours_are_kept() -> None:
    kept: set[int] = set()

    def write(entries: Sequence[int]) -> list[None]:
        if 13 in entries:
            raise ValueError("unlucky")
        kept.update(entries)
        return [None] * len(entries)

    clerk = GroupCommit("test", write)
    with ThreadPoolExecutor(20) as threads:
        notes = {number: threads.submit(clerk.note, number) for number in range(20)}
    assert isinstance(notes[13].exception(), ValueError)
    assert kept == set(range(20)) - {13}


def test_an_absence_of_postgres_beyond_patience_is_told_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db_retry, "_WAIT_SECONDS", 0.0)
    now = iter(range(0, 10_000, 20))
    monkeypatch.setattr(db_retry.time, "monotonic", lambda: float(next(now)))

    def write(entries: Sequence[int]) -> list[None]:
        raise OperationalError("INSERT", {}, Exception("away"))

    with pytest.raises(OperationalError):
        GroupCommit("test", write).note(1)
