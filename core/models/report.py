"""What worker processes report about themselves. Of the installation, not of a business."""

from __future__ import annotations

from sqlalchemy import Double, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Moment


class WorkReport(Base):
    """Tasks of one kind that ended in a minute, by how long they took (`core.health.reports.BOUNDS`)."""

    __tablename__ = "work_reports"

    minute: Mapped[Moment] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    count: Mapped[int]
    failed: Mapped[int]
    seconds: Mapped[float] = mapped_column(Double)


class WorkerReport(Base):
    """A worker process as it last described itself. `failure` is the traceback of its latest failed task."""

    __tablename__ = "worker_reports"
    __table_args__ = (Index(None, "seen_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    slots: Mapped[int]
    busy: Mapped[int]
    doing: Mapped[str]
    rss_bytes: Mapped[int]
    done: Mapped[int]
    failed: Mapped[int] = mapped_column(server_default=text("0"))
    failure: Mapped[str | None]
