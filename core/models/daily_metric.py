"""Daily rollups of metrics."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Double, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Tenant


class DailyMetric(Tenant, Base):
    """One count of one day in the business's time zone.

    `core.reporting.daily_metrics_sql` defines `metric` and `label`. Durations are counted by `bucket`, with `total`
    their sum in seconds; for costs `total` is in USD. `agent_id` 0 is the bot, or no agent.
    """

    __tablename__ = "daily_metrics"
    __table_args__ = (
        PrimaryKeyConstraint("business_id", "day", "metric", "channel_id", "agent_id", "label", "bucket"),
    )

    day: Mapped[date] = mapped_column(Date)
    channel_id: Mapped[int]
    agent_id: Mapped[int]
    metric: Mapped[str]
    label: Mapped[str]
    bucket: Mapped[int] = mapped_column(SmallInteger)
    count: Mapped[int]
    total: Mapped[float] = mapped_column(Double)


class CountedDay(Tenant, Base):
    """When a day was last counted; `answers_at` is the same for answer outcomes, null if never."""

    __tablename__ = "counted_days"
    __table_args__ = (PrimaryKeyConstraint("business_id", "day"),)

    day: Mapped[date] = mapped_column(Date)
    counted_at: Mapped[datetime]
    answers_at: Mapped[datetime | None]


class AnswerMetric(Tenant, Base):
    """One count of answer outcomes on a day; `core.reporting.answer_rollups` defines `what`, `label` and `bin`.

    `good`, `bad` and `handed_over` are parts of `count`.
    """

    __tablename__ = "answer_metrics"
    __table_args__ = (PrimaryKeyConstraint("business_id", "day", "what", "channel_id", "label", "bin"),)

    day: Mapped[date] = mapped_column(Date)
    channel_id: Mapped[int]
    what: Mapped[str]
    label: Mapped[str]
    bin: Mapped[int] = mapped_column(SmallInteger)
    count: Mapped[int]
    good: Mapped[int]
    bad: Mapped[int]
    handed_over: Mapped[int]
