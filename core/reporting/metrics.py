"""The figures of a span of days: kept ones as far as they go, the rest from the rows themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.conversations.incoming import WINDOW
from core.models import Business, DailyFigure
from core.platform.db import run
from core.reporting.daily_metrics_sql import COUNTED, LIMITS
from core.reporting.daily_rollups import billing, counted, kept_until, scope

_LONGEST = 10 * LIMITS[-1]  # seconds; the upper end of the open bucket, for interpolation only


@dataclass(frozen=True, slots=True)
class Figure:
    """One count. See `core.reporting.daily_metrics_sql` for what metrics and labels mean."""

    day: date
    metric: str
    label: str
    bucket: int
    count: int
    total: float


@dataclass(slots=True)
class Figures:
    """All that was counted in a span of days."""

    first: date
    last: date
    rows: Sequence[Figure]
    _by_metric: dict[str, list[Figure]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_metric = defaultdict(list)
        for row in self.rows:
            self._by_metric[row.metric].append(row)

    def of(self, metric: str, *labels: str) -> list[Figure]:
        """The counts of a metric, of some labels if any are named."""
        found = self._by_metric.get(metric, [])
        return [row for row in found if row.label in labels] if labels else found

    def count(self, metric: str, *labels: str) -> int:
        return sum(row.count for row in self.of(metric, *labels))

    def total(self, metric: str, *labels: str) -> float:
        return sum(row.total for row in self.of(metric, *labels))

    def by_label(self, metric: str) -> dict[str, int]:
        """Counts of a metric, the most frequent label first."""
        counts: dict[str, int] = defaultdict(int)
        for row in self.of(metric):
            counts[row.label] += row.count
        return dict(sorted(counts.items(), key=lambda one: -one[1]))

    def by_day(self, metric: str, label: str | None = None) -> dict[date, int]:
        """Counts on each day of the span, days without any included."""
        counts = dict.fromkeys(days_between(self.first, self.last), 0)
        for row in self.of(metric, *([] if label is None else [label])):
            counts[row.day] += row.count
        return counts

    def quantile(self, metric: str, share: float, *labels: str, day: date | None = None) -> float | None:
        """Seconds below which this share of the durations lies; None where there are none."""
        rows = [row for row in self.of(metric, *labels) if day is None or row.day == day]
        return quantile(_buckets(rows), share)


def _buckets(rows: Iterable[Figure]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for row in rows:
        counts[row.bucket] += row.count
    return counts


def quantile(buckets: Mapping[int, int], share: float) -> float | None:
    """A quantile from counts by bucket, taking each bucket's durations as spread evenly between its limits."""
    wanted = share * sum(buckets.values())
    passed = 0
    for bucket in sorted(buckets):
        count = buckets[bucket]
        if count and passed + count >= wanted:
            low = 0 if bucket == 0 else LIMITS[bucket - 1]
            high = LIMITS[bucket] if bucket < len(LIMITS) else _LONGEST
            return low + (high - low) * (wanted - passed) / count
        passed += count
    return None


def days_between(first: date, last: date) -> list[date]:
    """Both ends included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def zone_of(session: Session, business_id: int) -> ZoneInfo:
    """The business's own time zone."""
    return ZoneInfo(session.scalars(select(Business.timezone).where(Business.id == business_id)).one())


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Whose figures: of one channel, of one person's work, or of all (None)."""

    channel_id: int | None = None
    agent_id: int | None = None


EVERYBODY = MetricFilter()


def figures(session: Session, business_id: int, first: date, last: date, whose: MetricFilter = EVERYBODY) -> Figures:
    """What was counted from `first` to `last`, days of the business's time zone, both included.

    What nobody has kept yet, such as the last minutes of today, is counted now from its rows.
    """
    zone = zone_of(session, business_id)
    known = counted(session, first, last)
    rows = _kept(session, first, last, whose)
    billed = billing(session, business_id)
    for day in days_between(first, min(last, datetime.now(zone).date())):
        values = scope(business_id, zone, day) | billed
        if day in known:
            values["since"] = kept_until(zone, day, known[day])
        if values["since"] < values["until"]:
            rows += _live(session, values, whose)
    return Figures(first, last, _joined(rows))


def _joined(rows: Iterable[Figure]) -> list[Figure]:
    """One figure of each kind: today's is kept in part."""
    sums: dict[tuple[date, str, str, int], Figure] = {}
    for row in rows:
        key = (row.day, row.metric, row.label, row.bucket)
        before = sums.get(key)
        sums[key] = replace(row, count=before.count + row.count, total=before.total + row.total) if before else row
    return list(sums.values())


@dataclass(frozen=True, slots=True)
class Contacts:
    """How many customers wrote in the last 24 hours, and in the last 7 days."""

    day: int
    week: int


# One customer on two days is one customer, so days cannot be added up: this is counted from the rows. Nothing a
# customer wrote is newer than its conversation's last_message_at, so those that were quiet all week need no look; and
# where there is a window it tells when the customer wrote last, so only the others' messages are looked for.
_CONTACTS = text("""
WITH lately AS MATERIALIZED (
    SELECT c.contact_id, coalesce(c.window_expires_at - :window, (
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


def contacts(session: Session, business_id: int) -> Contacts:
    """The customers who wrote lately."""
    return Contacts(*session.execute(_CONTACTS, {"business": business_id, "window": WINDOW}).one())


def _kept(session: Session, first: date, last: date, whose: MetricFilter) -> list[Figure]:
    key = (DailyFigure.day, DailyFigure.metric, DailyFigure.label, DailyFigure.bucket)
    wanted = (
        select(*key, func.sum(DailyFigure.count), func.sum(DailyFigure.total))
        .where(DailyFigure.day.between(first, last))
        .group_by(*key)
    )
    if whose.channel_id is not None:
        wanted = wanted.where(DailyFigure.channel_id == whose.channel_id)
    if whose.agent_id is not None:
        wanted = wanted.where(DailyFigure.agent_id == whose.agent_id)
    return [
        Figure(day, metric, label, bucket, int(n), total)
        for day, metric, label, bucket, n, total in session.execute(wanted)
    ]


def _live(session: Session, values: dict[str, object], whose: MetricFilter) -> list[Figure]:
    return [
        Figure(day, metric, label, bucket, count, total)
        for day, channel, agent, metric, label, bucket, count, total in run(session, COUNTED, values)
        if whose.channel_id in (None, channel) and whose.agent_id in (None, agent)
    ]
