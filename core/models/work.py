"""Worker statistics, of the whole installation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Json, Stamp


class WorkMinute(Base):
    """Tasks of a kind that ended in one minute, by duration bucket (`core.monitoring.worker_stats.LIMITS`).

    `total` is their duration in seconds.
    """

    __tablename__ = "work_minutes"

    minute: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    count: Mapped[int]
    failed: Mapped[int]
    total: Mapped[float] = mapped_column(Double)


class WorkerReport(Base):
    """A worker process: `busy` are its running tasks by kind, `slots` its capacity. `memory` is in bytes."""

    __tablename__ = "worker_reports"

    worker: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    slots: Mapped[Json]
    busy: Mapped[Json]
    done: Mapped[int]
    memory: Mapped[int]


class TaskFailure(Base):
    """A task that raised an unexpected error. Its work is retried when its lease expires."""

    __tablename__ = "task_failures"

    id: Mapped[Id]
    kind: Mapped[str]
    error: Mapped[str]
    trace: Mapped[str]
    failed_at: Mapped[Stamp]


class MetricTotal(Base):
    """A sample of a Prometheus counter or histogram, of all processes."""

    __tablename__ = "metric_totals"

    sample: Mapped[str] = mapped_column(primary_key=True)
    labels: Mapped[Json] = mapped_column(primary_key=True)
    family: Mapped[str]
    kind: Mapped[str]
    meaning: Mapped[str]
    value: Mapped[float] = mapped_column(Double)
