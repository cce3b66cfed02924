"""Background tasks of a business."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant, one_of


class TaskState(StrEnum):
    """State of a background task."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BackgroundTask(Tenant, Base):
    """One background task; `kind` determines the work and what `subject_id` refers to.

    `due_at` is set exactly while the task is open: when a waiting one may start, or a running one's lease ends.
    The unit of `done` and `total` depends on the kind. `error` is a code.
    """

    __tablename__ = "background_tasks"
    __table_args__ = (
        one_of("state", TaskState),
        Index(None, "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "uq_background_tasks_open",
            "business_id",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(None, "business_id", "kind", "subject_id", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    subject_id: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=TaskState.WAITING)
    done: Mapped[int] = mapped_column(Integer, server_default="0")
    total: Mapped[int] = mapped_column(Integer, server_default="0")
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    lease: Mapped[uuid.UUID | None]
    created_by: Mapped[str]
    created_at: Mapped[Stamp]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
