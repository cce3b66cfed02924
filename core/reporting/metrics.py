"""Metrics of a period: from the rollups as far as they go, the rest counted live."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.channels.kinds import REPLY_WINDOWS
from core.models import Business, DailyMetric
from core.platform.db import business_of, run
from core.reporting.daily_metrics_sql import COUNTED, LIMITS
from core.reporting.daily_rollups import billing, counted, rolled_up_until, scope

_LONGEST = 10 * LIMITS[-1]  # seconds; the upper end of the open bucket, for interpolation only


@dataclass(frozen=True, slots=True)
class Figure:
    """One count. `core.reporting.daily_metrics_sql` defines metrics and labels."""

    day: date
    metric: str
    label: str
    bucket: int
    count: int
    total: float


@dataclass(slots=True)
class Figures:
    """All metrics of a period."""

    first: date
    last: date
    rows: Sequence[Figure]
    _by_metric: dict[str, list[Figure]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_metric = defaultdict(list)
        for row in self.rows:
            self._by_metric[row.metric].append(row)

    def of(self, metric: str, *labels: str) -> list[Figure]:
        """Return the figures of a metric, restricted to `labels` if given."""
        rows = self._by_metric.get(metric, [])
        return [row for row in rows if row.label in labels] if labels else rows

    def count(self, metric: str, *labels: str) -> int:
        """Return the count of a metric over the period."""
        return sum(row.count for row in self.of(metric, *labels))

    def total(self, metric: str, *labels: str) -> float:
        """Return the total of a metric over the period, in the metric's unit."""
        return sum(row.total for row in self.of(metric, *labels))

    def by_label(self, metric: str) -> dict[str, int]:
        """Return the counts of a metric by label, most frequent first."""
        counts: dict[str, int] = defaultdict(int)
        for row in self.of(metric):
            counts[row.label] += row.count
        return dict(sorted(counts.items(), key=lambda one: -one[1]))

    def by_day(self, metric: str, label: str | None = None) -> dict[date, int]:
        """Return the counts of each day of the period, including days with none."""
        counts = dict.fromkeys(days_between(self.first, self.last), 0)
        for row in self.of(metric, *([] if label is None else [label])):
            counts[row.day] += row.count
        return counts

    def quantile(self, metric: str, share: float, *labels: str, day: date | None = None) -> float | None:
        """Return the quantile of the durations in seconds; `share` is 0 to 1. None without durations."""
        rows = [row for row in self.of(metric, *labels) if day is None or row.day == day]
        return quantile(_buckets(rows), share)


def _buckets(rows: Iterable[Figure]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for row in rows:
        counts[row.bucket] += row.count
    return counts


def quantile(buckets: Mapping[int, int], share: float) -> float | None:
    """Return a quantile from counts by bucket, interpolating linearly within a bucket."""
    rank = share * sum(buckets.values())
    passed = 0
    for bucket in sorted(buckets):
        count = buckets[bucket]
        if count and passed + count >= rank:
            low = 0 if bucket == 0 else LIMITS[bucket - 1]
            high = LIMITS[bucket] if bucket < len(LIMITS) else _LONGEST
            return low + (high - low) * (rank - passed) / count
        passed += count
    return None


def days_between(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, inclusive."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def zone_of(session: Session) -> ZoneInfo:
    """Return the business's time zone."""
    return ZoneInfo(session.scalars(select(Business.timezone).where(Business.id == business_of(session))).one())


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Restrict metrics to one channel or one agent; None means all."""

    channel_id: int | None = None
    agent_id: int | None = None


EVERYBODY = MetricFilter()


def figures(session: Session, first: date, last: date, whose: MetricFilter = EVERYBODY) -> Figures:
    """Return the metrics from `first` to `last`, days of the business's time zone, inclusive.

    What is not rolled up yet, such as the last minutes of today, is counted live.
    """
    zone = zone_of(session)
    counted_at = counted(session, first, last)
    rows = _stored(session, first, last, whose)
    prices = billing(session)
    for day in days_between(first, min(last, datetime.now(zone).date())):
        values = scope(session, zone, day) | prices
        if day in counted_at:
            values["since"] = rolled_up_until(zone, day, counted_at[day])
        if values["since"] < values["until"]:
            rows += _live(session, values, whose)
    return Figures(first, last, _summed(rows))


def _summed(rows: Iterable[Figure]) -> list[Figure]:
    """Add up stored and live figures of the same day."""
    sums: dict[tuple[date, str, str, int], Figure] = {}
    for row in rows:
        key = (row.day, row.metric, row.label, row.bucket)
        before = sums.get(key)
        sums[key] = replace(row, count=before.count + row.count, total=before.total + row.total) if before else row
    return list(sums.values())


@dataclass(frozen=True, slots=True)
class Contacts:
    """Number of customers who wrote in the last 24 hours and in the last 7 days."""

    day: int
    week: int


# A customer on two days counts once, so days cannot be summed: this is counted live. No customer message is later than
# its conversation's last_message_at, so conversations without activity this week are skipped; where there is a window,
# it gives the time of the customer's last message, so messages are read only for the others.
_CONTACTS = text("""
WITH lately AS MATERIALIZED (
    SELECT c.contact_id, coalesce(c.window_expires_at - CAST(CAST(:windows AS jsonb) ->> c.kind AS interval), (
        SELECT max(m.created_at) FROM messages m
        WHERE m.conversation_id = c.id AND m.sender = 'customer' AND m.created_at >= now() - interval '7 days'
    )) AS wrote_at
    FROM conversations c WHERE c.business_id = :business AND c.last_message_at >= now() - interval '7 days'
      AND NOT c.imported
)
SELECT count(DISTINCT contact_id) FILTER (WHERE wrote_at >= now() - interval '24 hours'),
       count(DISTINCT contact_id) FILTER (WHERE wrote_at >= now() - interval '7 days')
FROM lately
""")


def contacts(session: Session) -> Contacts:
    """Return the number of customers who wrote recently."""
    windows = {kind: f"{window.total_seconds()} seconds" for kind, window in REPLY_WINDOWS.items()}
    values = {"business": business_of(session), "windows": json.dumps(windows)}
    return Contacts(*session.execute(_CONTACTS, values).one())


def _stored(session: Session, first: date, last: date, whose: MetricFilter) -> list[Figure]:
    key = (DailyMetric.day, DailyMetric.metric, DailyMetric.label, DailyMetric.bucket)
    query = (
        select(*key, func.sum(DailyMetric.count), func.sum(DailyMetric.total))
        .where(DailyMetric.day.between(first, last))
        .group_by(*key)
    )
    if whose.channel_id is not None:
        query = query.where(DailyMetric.channel_id == whose.channel_id)
    if whose.agent_id is not None:
        query = query.where(DailyMetric.agent_id == whose.agent_id)
    return [
        Figure(day, metric, label, bucket, int(n), total)
        for day, metric, label, bucket, n, total in session.execute(query)
    ]


def _live(session: Session, values: dict[str, object], whose: MetricFilter) -> list[Figure]:
    return [
        Figure(day, metric, label, bucket, count, total)
        for day, channel, agent, metric, label, bucket, count, total in run(session, COUNTED, values)
        if whose.channel_id in (None, channel) and whose.agent_id in (None, agent)
    ]
