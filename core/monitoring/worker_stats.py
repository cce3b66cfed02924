"""Worker statistics: written by the workers, read by the console and the alerts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from core.models import TaskFailure, WorkerReport, WorkMinute
from core.platform.db import run

KINDS = ("inbound", "replies", "sending", "media", "tasks")
LOST_AFTER = timedelta(seconds=30)
KEEP = timedelta(hours=48)
_KEEP_FAILURES = timedelta(days=14)

# Milliseconds. Bucket n counts durations of at least LIMITS[n - 1] and less than LIMITS[n].
LIMITS = (1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 250, 400, 650, 1000, 1500, 2500, 4000, 6500, 10_000, 20_000, 60_000)


@dataclass(frozen=True, slots=True)
class TaskStats:
    """Tasks of one kind and duration bucket that ended in one minute. `seconds` is the sum of their durations."""

    minute: datetime
    kind: str
    bucket: int
    count: int
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkerSnapshot:
    """The state that a worker reports about itself. `memory` is in bytes."""

    worker: str  # "host:pid:time of start"
    started_at: datetime
    slots: Mapping[str, int]
    busy: Mapping[str, int]
    done: int
    memory: int


@dataclass(frozen=True, slots=True)
class Worker:
    """The last report of a worker. `number` counts those of a host from 1; `lost`: more than half a minute old."""

    number: int
    host: str
    pid: str
    started_at: datetime
    seen_at: datetime
    slots: Mapping[str, int]
    busy: Mapping[str, int]
    done: int
    memory: int
    lost: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that raised."""

    id: int
    kind: str
    error: str
    trace: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Due work of one kind. `oldest` is how many seconds the oldest has been due."""

    kind: str
    count: int
    oldest: float


_COUNT = """
INSERT INTO work_minutes (minute, kind, bucket, count, failed, total)
SELECT minute, kind, bucket, count, failed, seconds FROM jsonb_to_recordset(%(counted)s::jsonb)
    AS c (minute timestamptz, kind text, bucket smallint, count bigint, failed bigint, seconds double precision)
ON CONFLICT (minute, kind, bucket) DO UPDATE SET count = work_minutes.count + excluded.count,
    failed = work_minutes.failed + excluded.failed, total = work_minutes.total + excluded.total
"""
_REPORT = """
INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory)
VALUES (%(worker)s, %(started_at)s, now(), %(slots)s::jsonb, %(busy)s::jsonb, %(done)s, %(memory)s)
ON CONFLICT (worker) DO UPDATE SET seen_at = now(), busy = excluded.busy, done = excluded.done,
    memory = excluded.memory
"""


def report(
    session: Session, worker: WorkerSnapshot, counted: Sequence[TaskStats], failures: Sequence[tuple[str, str, str]]
) -> None:
    """Save a worker's state and its tasks since the last report. `failures` are (kind, error, traceback)."""
    if counted:
        documents = [
            {"minute": one.minute.isoformat(), "kind": one.kind, "bucket": one.bucket, "count": one.count,
             "failed": one.failed, "seconds": one.seconds}
            for one in counted
        ]  # fmt: skip
        run(session, _COUNT, {"counted": json.dumps(documents)})
    slots, busy = json.dumps(dict(worker.slots)), json.dumps(dict(worker.busy))
    values = {"worker": worker.worker, "started_at": worker.started_at, "done": worker.done, "memory": worker.memory}
    run(session, _REPORT, {**values, "slots": slots, "busy": busy})
    if failures:
        rows = [{"kind": kind, "error": error, "trace": trace} for kind, error, trace in failures]
        session.execute(insert(TaskFailure), rows)


def minutes(session: Session, since: datetime) -> list[TaskStats]:
    """Return the tasks that ended since then, oldest first."""
    rows = session.scalars(select(WorkMinute).where(WorkMinute.minute >= since).order_by(WorkMinute.minute))
    return [TaskStats(row.minute, row.kind, row.bucket, row.count, row.failed, row.total) for row in rows]


def workers(session: Session) -> list[Worker]:
    """Return the workers that reported within the last hour, by host, oldest first."""
    now = session.scalar(select(func.now()))
    assert now is not None
    rows = session.scalars(select(WorkerReport).where(WorkerReport.seen_at > now - timedelta(hours=1)))
    by_host: defaultdict[str, list[tuple[str, WorkerReport]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.started_at, row.worker)):
        host, pid, _ = row.worker.rsplit(":", 2)
        by_host[host].append((pid, row))
    return [
        Worker(
            number, host, pid, row.started_at, row.seen_at, row.slots, row.busy, row.done, row.memory,
            lost=row.seen_at < now - LOST_AFTER,
        )
        for host in sorted(by_host)
        for number, (pid, row) in enumerate(by_host[host], start=1)
    ]  # fmt: skip


def failures(session: Session, limit: int = 50) -> list[Failure]:
    """Return tasks that raised, newest first."""
    rows = session.scalars(select(TaskFailure).order_by(TaskFailure.id.desc()).limit(limit))
    return [Failure(row.id, row.kind, row.error, row.trace, row.failed_at) for row in rows]


_WAITING = text("""
SELECT 'inbound', count(*), coalesce(extract(epoch FROM now() - min(received_at)), 0)
FROM webhook_events WHERE processed_at IS NULL
UNION ALL SELECT 'replies', count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0)
FROM pending_replies WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now())
UNION ALL SELECT 'sending', count(*), coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)
FROM deliveries WHERE next_attempt_at <= now()
UNION ALL SELECT 'media', count(*), coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)
FROM attachments WHERE next_attempt_at <= now()
UNION ALL SELECT 'tasks', count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0)
FROM background_tasks WHERE due_at <= now()
""")


_WAITING_OF = text("SELECT 'inbound', 0, 0 " + _WAITING.text.partition("processed_at IS NULL")[2])


def waiting(session: Session) -> list[Waiting]:
    """Return the work that is due and not started."""
    return [Waiting(kind, count, max(0.0, float(oldest))) for kind, count, oldest in session.execute(_WAITING)]


def waiting_of(session: Session) -> list[Waiting]:
    """Return the due work of the business; webhook events have no business yet and count as 0."""
    return [Waiting(kind, count, max(0.0, float(oldest))) for kind, count, oldest in session.execute(_WAITING_OF)]


def forget_old_work(session: Session) -> None:
    """Delete minutes and worker reports older than two days, and failures older than two weeks."""
    session.execute(delete(WorkMinute).where(WorkMinute.minute < func.now() - KEEP))
    session.execute(delete(WorkerReport).where(WorkerReport.seen_at < func.now() - KEEP))
    session.execute(delete(TaskFailure).where(TaskFailure.failed_at < func.now() - _KEEP_FAILURES))
