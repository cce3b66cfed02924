"""Daily rollups of metrics."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Double, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Tenant


class DailyFigure(Tenant, Base):
    """One count of one day in the business's time zone.

    `core.reporting.daily_metrics_sql` defines `metric` and `label`. Durations are counted by `bucket`, with `total`
    their sum in seconds; for costs `total` is in USD. `agent_id` 0 is the bot, or no agent.
    """

    __tablename__ = "daily_figures"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    count: Mapped[int]
    total: Mapped[float] = mapped_column(Double)


class DayCounted(Tenant, Base):
    """When a day was last counted; `answers_at` is the same for answer outcomes, null if never."""

    __tablename__ = "days_counted"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    counted_at: Mapped[datetime]
    answers_at: Mapped[datetime | None]


class AnswerFigure(Tenant, Base):
    """One count of answer outcomes on a day; `core.reporting.answer_rollups` defines `what`, `label` and `bin`.

    `good`, `bad` and `handed_over` are parts of `count`.
    """

    __tablename__ = "answer_figures"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel_id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    bin: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    count: Mapped[int]
    good: Mapped[int]
    bad: Mapped[int]
    handed_over: Mapped[int]
