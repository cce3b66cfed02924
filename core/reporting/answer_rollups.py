"""Daily rollups of answer outcomes: closed days are counted once, stored, and recounted as verdicts arrive.

| what         | label           | bin                                     | count                                    |
|--------------|-----------------|-----------------------------------------|------------------------------------------|
| verdict      | "verdict:cause" | tenth of the confidence, -1 without one | runs                                     |
| conversation |                 | -1                                      | conversations with a run on that day     |
| topic        | the topic       | -1                                      | runs, and how many of them were good, …  |
| source       | its title       | -1                                      | the same                                 |
| ended        |                 | -1                                      | conversations that ended on that day     |
| durable      |                 | -1                                      | those whose customer did not return for  |
|              |                 |                                         | a week                                   |
| by_bot       |                 | -1                                      | those of them in which the bot was alone |

Only the fifty most frequent topics and sources of a channel and day are stored: the long tail would cost more to read
than the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.evaluation.outcomes import DURABLE
from core.models import CountedDay
from core.platform.db import business_of, run, transaction

BINS = 10
RESOLUTIONS = ("ended", "durable", "by_bot")
_LATE = timedelta(days=29)  # a verdict may arrive up to three weeks later, and a closing can be undone
_MOST_AT_ONCE = 31

_COUNTED = f"""
WITH answers AS (
    SELECT (o.at AT TIME ZONE %(zone)s)::date AS day, c.channel_id, o.conversation_id, o.verdict, o.cause, o.confidence,
           o.topics, o.sources
    FROM answer_outcomes o JOIN conversations c ON c.id = o.conversation_id
    WHERE o.business_id = %(business)s AND o.at >= %(since)s AND o.at < %(until)s
), named AS (
    SELECT day, channel_id, 'topic' AS what, unnest(topics) AS name, verdict FROM answers
    UNION ALL SELECT day, channel_id, 'source', unnest(sources), verdict FROM answers
), ranked AS (
    SELECT day, channel_id, what, max(name) AS label, count(*) AS count,
           count(*) FILTER (WHERE verdict = 'good') AS good, count(*) FILTER (WHERE verdict = 'bad') AS bad,
           count(*) FILTER (WHERE verdict = 'handed_over') AS handed_over,
           row_number() OVER (PARTITION BY day, channel_id, what ORDER BY count(*) DESC, max(name)) AS place
    FROM named GROUP BY day, channel_id, what, lower(name)
), ended AS (
    SELECT contact_id, channel_id, mode, handed_off_at, closed_at AS at FROM conversations
    WHERE business_id = %(business)s AND closed_at >= %(since)s AND closed_at < %(until)s
    UNION ALL
    SELECT contact_id, channel_id, mode, handed_off_at, last_message_at FROM conversations
    WHERE business_id = %(business)s AND last_message_at >= %(since)s AND last_message_at < %(until)s
      AND status <> 'closed' AND waiting_since IS NULL
), resolved AS MATERIALIZED (
    SELECT (at AT TIME ZONE %(zone)s)::date AS day, channel_id, mode = 'bot' AND handed_off_at IS NULL AS by_bot,
           NOT EXISTS (
               SELECT FROM conversations later
               WHERE later.contact_id = e.contact_id AND later.channel_id = e.channel_id
                 AND later.created_at > e.at AND later.created_at < e.at + %(durable)s) AS durable
    FROM ended e
)
SELECT day, channel_id, 'verdict' AS what, verdict || ':' || cause AS label,
       least(coalesce(floor(confidence * {BINS})::int, -1), {BINS - 1}) AS bin,
       count(*) AS count, 0 AS good, 0 AS bad, 0 AS handed_over
FROM answers GROUP BY 1, 2, 4, 5
UNION ALL
SELECT day, channel_id, 'conversation', '', -1, count(DISTINCT conversation_id), 0, 0, 0 FROM answers GROUP BY 1, 2
UNION ALL
SELECT day, channel_id, what, label, -1, count, good, bad, handed_over FROM ranked WHERE place <= 50
UNION ALL
SELECT day, channel_id, what, '', -1, count(*), 0, 0, 0
FROM resolved, LATERAL (VALUES ('ended', true), ('durable', durable), ('by_bot', durable AND by_bot)) AS t (what, holds)
WHERE holds GROUP BY 1, 2, 3
"""  # noqa: S608 - numbers of ours

_KEEP = f"""
INSERT INTO answer_metrics (business_id, day, channel_id, what, label, bin, count, good, bad, handed_over)
SELECT %(business)s, counted.* FROM ({_COUNTED}) AS counted
"""  # noqa: S608 - a statement of ours
_STORED = """
SELECT what, max(label), bin, sum(count)::bigint, sum(good)::bigint, sum(bad)::bigint, sum(handed_over)::bigint
FROM answer_metrics
WHERE business_id = %(business)s AND day >= %(early)s AND day <= %(last)s
  AND (%(channel)s::bigint IS NULL OR channel_id = %(channel)s)
  AND CASE WHEN what IN ('ended', 'durable', 'by_bot') THEN day <= %(late)s ELSE day >= %(first)s END
GROUP BY what, lower(label), bin
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """One count of a period. For topics and sources `good`, `bad` and `handed_over` are parts of `count`."""

    what: str
    label: str
    bin: int
    count: int
    good: int
    bad: int
    handed_over: int


def between(session: Session, zone: ZoneInfo, first: date, last: date, channel_id: int | None) -> Sequence[Counted]:
    """Return the counts from `first` to `last`, days of `zone`; resolutions are of the same period a week earlier.

    Days not yet rolled up, such as today, are counted live.
    """
    early, late = first - DURABLE, last - DURABLE
    span = {"channel": channel_id, "first": first, "last": last, "early": early, "late": late}
    counts = [Counted(*row) for row in run(session, _STORED, span | {"business": business_of(session)})]
    until = min(last, datetime.now(zone).date())
    for one in _live(session, zone, early, until):
        start, end = (early, late) if one.what in RESOLUTIONS else (first, last)
        if start <= one.day <= end and channel_id in (None, one.channel_id):
            counts.append(Counted(one.what, one.label, one.bin, one.count, one.good, one.bad, one.handed_over))
    return counts


def _live(session: Session, zone: ZoneInfo, first: date, last: date) -> Sequence[Any]:
    counted = select(CountedDay.day).where(CountedDay.day.between(first, last), CountedDay.answers_at.is_not(None))
    stored = set(session.scalars(counted))
    days = [day for n in range((last - first).days + 1) if (day := first + timedelta(days=n)) not in stored]
    if not days:
        return []
    rows = run(session, _COUNTED, _scope(session, zone, days[0], days[-1]))
    return [row for row in rows if row.day not in stored]


def refresh_due(business_id: int, zone: ZoneInfo) -> int:
    """Roll up the closed days that are due, newest first. Returns the number of days."""
    with transaction(business_id) as session:
        days = _due(session, zone)
    for day in days:
        with transaction(business_id) as session:
            _count(session, zone, day)
    return len(days)


def _due(session: Session, zone: ZoneInfo) -> list[date]:
    """Return the closed days in `counted_days` whose answers were never counted, or not lately (`_again_after`)."""
    now = datetime.now(zone)
    rows = session.execute(
        select(CountedDay.day, CountedDay.answers_at)
        .where(CountedDay.day < now.date(), CountedDay.answers_at.is_(None) | (CountedDay.day > now.date() - _LATE))
        .order_by(CountedDay.day.desc())
    )
    due = [day for day, at in rows if at is None or at < now - _again_after(now.date() - day)]
    return due[:_MOST_AT_ONCE]


def _again_after(age: timedelta) -> timedelta:
    return timedelta(hours=1) if age < DURABLE else timedelta(days=1)


def _count(session: Session, zone: ZoneInfo, day: date) -> None:
    """Recount one day. The update of its mark serializes concurrent counts."""
    run(session, "UPDATE counted_days SET answers_at = now() WHERE day = %(day)s", {"day": day})
    run(session, "DELETE FROM answer_metrics WHERE day = %(day)s", {"day": day})
    run(session, _KEEP, _scope(session, zone, day, day))


def _scope(session: Session, zone: ZoneInfo, first: date, last: date) -> dict[str, object]:
    after = last + timedelta(days=1)
    return {
        "business": business_of(session), "zone": str(zone), "durable": DURABLE,
        "since": datetime(first.year, first.month, first.day, tzinfo=zone),
        "until": datetime(after.year, after.month, after.day, tzinfo=zone),
    }  # fmt: skip
