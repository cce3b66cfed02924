"""What workers report about themselves: written every few seconds by each process, read by the queue monitor."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import run, system_transaction
from core.models import WorkerReport, WorkReport

KINDS = ("inbound", "replies", "sending", "media")
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds; one more bucket is beyond
LOST_AFTER = timedelta(seconds=30)
_KEEP_MINUTES = timedelta(days=2)
_KEEP_WORKERS = timedelta(days=1)


@dataclass(slots=True)
class Count:
    """Tasks that ended: how many, how many of them failed, and their seconds in all."""

    count: int = 0
    failed: int = 0
    seconds: float = 0.0


Counts = Mapping[tuple[datetime, str, int], Count]  # by minute, kind and bucket


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A process's own description. `id` outlives no process: a pid may come again."""

    id: str
    host: str
    pid: int
    started_at: datetime
    slots: int
    busy: int
    doing: str
    rss_bytes: int
    done: int
    failed: int
    failure: str | None


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A worker as it was when it was last heard of."""

    state: WorkerState
    seen_at: datetime
    lost: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work of a kind that is due: how much, and for how many seconds the oldest has been."""

    number: int
    oldest_seconds: float


@dataclass(slots=True)
class Pace:
    """How work of a kind went. `by_minute` counts the tasks that ended in each minute that had any."""

    total: Count = field(default_factory=Count)
    buckets: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    by_minute: dict[datetime, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def mean_seconds(self) -> float | None:
        return self.total.seconds / self.total.count if self.total.count else None

    @property
    def p95_seconds(self) -> float | None:
        return percentile(self.buckets, 0.95)


def bucket_of(seconds: float) -> int:
    """The bucket of a duration: the first whose bound it does not exceed."""
    return bisect_left(BOUNDS, seconds)


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """The duration that `share` of the tasks did not exceed, evenly spread within a bucket; None without tasks.

    Beyond the last bound that bound is given: how much longer those took is not known.
    """
    wanted = sum(buckets.values()) * share
    before = 0.0
    for bucket in sorted(buckets):
        if buckets[bucket] and before + buckets[bucket] >= wanted:
            if bucket == len(BOUNDS):
                break
            low = BOUNDS[bucket - 1] if bucket else 0.0
            return low + (BOUNDS[bucket] - low) * (wanted - before) / buckets[bucket]
        before += buckets[bucket]
    return BOUNDS[-1] if wanted else None


def report(session: Session, state: WorkerState, counts: Counts) -> None:
    """Add what ended since the last report, and say what this process does now."""
    values = asdict(state) | {"seen_at": func.now()}
    session.execute(insert(WorkerReport).values(values).on_conflict_do_update(index_elements=["id"], set_=values))
    if not counts:
        return
    rows = [
        {"minute": minute, "kind": kind, "bucket": bucket} | asdict(count)
        for (minute, kind, bucket), count in sorted(counts.items())  # in one order, so that reports never deadlock
    ]
    added = insert(WorkReport).values(rows)
    session.execute(
        added.on_conflict_do_update(
            index_elements=["minute", "kind", "bucket"],
            set_={name: getattr(WorkReport, name) + added.excluded[name] for name in ("count", "failed", "seconds")},
        )
    )


def workers(session: Session) -> Sequence[SeenWorker]:
    """The workers of the last hour, those at work first."""
    now = func.now()
    rows = session.execute(
        select(WorkerReport, WorkerReport.seen_at < now - LOST_AFTER)
        .where(WorkerReport.seen_at > now - timedelta(hours=1))
        .order_by(WorkerReport.seen_at < now - LOST_AFTER, WorkerReport.started_at)
        .limit(200)
    )
    names = WorkerState.__dataclass_fields__
    return [
        SeenWorker(WorkerState(**{name: getattr(row, name) for name in names}), row.seen_at, lost) for row, lost in rows
    ]


def end_worker(session: Session, worker_id: str) -> None:
    """Forget a worker that ended as it was asked to: it is not lost."""
    session.execute(delete(WorkerReport).where(WorkerReport.id == worker_id))


def paces(session: Session, minutes: int) -> Mapping[str, Pace]:
    """How work of each kind went in the last `minutes` minutes."""
    found = {kind: Pace() for kind in KINDS}
    since = func.date_trunc("minute", func.now()) - timedelta(minutes=minutes)
    for row in session.scalars(select(WorkReport).where(WorkReport.minute > since)):
        pace = found.setdefault(row.kind, Pace())
        pace.total.count += row.count
        pace.total.failed += row.failed
        pace.total.seconds += row.seconds
        pace.buckets[row.bucket] += row.count
        pace.by_minute[row.minute] += row.count
    return found


def waiting(session: Session) -> Mapping[str, Waiting]:
    """Work of each kind that is due now. Needs a system transaction."""
    return {kind: Waiting(number, float(seconds)) for kind, number, seconds in run(session, _WAITING)}


_WAITING = """
SELECT 'inbound', count(*), coalesce(extract(epoch FROM now() - min(received_at)), 0)
FROM webhook_events WHERE processed_at IS NULL
UNION ALL
SELECT 'replies', count(*), coalesce(extract(epoch FROM now() - min(greatest(due_at, leased_until))), 0)
FROM reply_turns WHERE greatest(due_at, leased_until) <= now()
UNION ALL
SELECT 'sending', count(*), coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)
FROM deliveries WHERE next_attempt_at <= now()
UNION ALL
SELECT 'media', count(*), coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)
FROM attachments WHERE next_attempt_at <= now()
"""


def forget_old_reports() -> None:
    """Delete minutes older than two days, and workers not heard of for one."""
    with system_transaction() as session:
        session.execute(delete(WorkReport).where(WorkReport.minute < func.now() - _KEEP_MINUTES))
        session.execute(delete(WorkerReport).where(WorkerReport.seen_at < func.now() - _KEEP_WORKERS))
