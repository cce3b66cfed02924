"""How good the bot's answers are: from their outcomes (`core.learning.outcomes`), and what a resolution costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.db import run
from core.learning.outcomes import DURABLE
from core.models import AnswerVerdict

BINS = 10
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Named:
    """A topic, or the title of a source, with what became of the runs that name it."""

    name: str
    count: int
    good: int
    bad: int
    handed_over: int


@dataclass(frozen=True, slots=True)
class Resolutions:
    """Conversations that ended a week before each day of the span: closed, or silent for a week with nobody waiting.

    `durable` are those whose customer did not write anew within the week, `by_bot` those of them in which the bot was
    alone.
    """

    ended: int
    durable: int
    by_bot: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What became of the runs of a span of days.

    `causes` count verdict and cause; `confidence` counts verdicts in ten bins of the confidence before calibration.
    `conversations` had at least one run.
    """

    causes: Mapping[tuple[str, str], int]
    confidence: Sequence[Mapping[str, int]]
    topics: Sequence[Named]
    sources: Sequence[Named]
    conversations: int
    resolutions: Resolutions

    def count(self, verdict: AnswerVerdict) -> int:
        return sum(count for (found, _), count in self.causes.items() if found == verdict)

    @property
    def handed_over(self) -> dict[str, int]:
        """Hand-overs by what decided them, the most frequent first."""
        found = [(cause, n) for (verdict, cause), n in self.causes.items() if verdict == AnswerVerdict.HANDED_OVER]
        return dict(sorted(found, key=lambda one: -one[1]))


_SCOPE = """
FROM answer_outcomes o
WHERE o.business_id = %(business)s AND o.at >= %(since)s AND o.at < %(until)s AND (
    %(channel)s::bigint IS NULL OR EXISTS (
        SELECT FROM conversations c WHERE c.id = o.conversation_id AND c.channel_id = %(channel)s))
"""
_VERDICTS = f"""
SELECT verdict, cause, floor(confidence * {BINS})::int AS bin, count(*) {_SCOPE} GROUP BY 1, 2, 3
"""
_CONVERSATIONS = f"SELECT count(DISTINCT conversation_id) {_SCOPE}"
# Rows with the same names are put together before their names are taken apart: there are far fewer of them.
_NAMED = """
SELECT max(name), sum(times), sum(times) FILTER (WHERE verdict = 'good'),
       sum(times) FILTER (WHERE verdict = 'bad'), sum(times) FILTER (WHERE verdict = 'handed_over')
FROM (SELECT unnest(names) AS name, verdict, times
      FROM (SELECT {names} AS names, verdict, count(*) AS times {scope} GROUP BY 1, 2) AS alike) AS named
GROUP BY lower(name) ORDER BY 2 DESC, 1 LIMIT {most}
"""
_TOPICS = _NAMED.format(names="topics", scope=_SCOPE, most=_MOST_NAMED)
_SOURCES = _NAMED.format(names="sources", scope=_SCOPE, most=_MOST_NAMED)

_RESOLUTIONS = """
WITH ended AS (
    SELECT contact_id, channel_id, mode, handed_off_at, closed_at AS at FROM conversations
    WHERE business_id = %(business)s AND closed_at >= %(since)s AND closed_at < %(until)s
    UNION ALL
    SELECT contact_id, channel_id, mode, handed_off_at, last_message_at FROM conversations
    WHERE business_id = %(business)s AND last_message_at >= %(since)s AND last_message_at < %(until)s
      AND status <> 'closed' AND waiting_since IS NULL
), judged AS MATERIALIZED (
    SELECT mode = 'bot' AND handed_off_at IS NULL AS by_bot, NOT EXISTS (
        SELECT FROM conversations later
        WHERE later.contact_id = e.contact_id AND later.channel_id = e.channel_id
          AND later.created_at > e.at AND later.created_at < e.at + %(durable)s) AS durable
    FROM ended e WHERE %(channel)s::bigint IS NULL OR channel_id = %(channel)s
)
SELECT count(*), count(*) FILTER (WHERE durable), count(*) FILTER (WHERE durable AND by_bot) FROM judged
"""


def quality(
    session: Session, business_id: int, zone: ZoneInfo, first: date, last: date, channel_id: int | None = None
) -> Quality:
    """The figures from `first` to `last`, days of `zone`, both included. Outcomes are up to an hour old."""
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    until = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    scope = {"business": business_id, "since": since, "until": until, "channel": channel_id}
    causes: Counter[tuple[str, str]] = Counter()
    confidence: list[Counter[str]] = [Counter() for _ in range(BINS)]
    for verdict, cause, place, count in run(session, _VERDICTS, scope):
        causes[verdict, cause] += count
        if place is not None:
            confidence[min(place, BINS - 1)][verdict] += count
    a_week_before = {**scope, "since": since - DURABLE, "until": until - DURABLE, "durable": DURABLE}
    return Quality(
        causes=causes,
        confidence=confidence,
        topics=[_named(*row) for row in run(session, _TOPICS, scope)],
        sources=[_named(*row) for row in run(session, _SOURCES, scope)],
        conversations=int(run(session, _CONVERSATIONS, scope).scalar_one()),
        resolutions=Resolutions(*run(session, _RESOLUTIONS, a_week_before).one()),
    )


def _named(name: str, *counts: Any) -> Named:
    return Named(name, *(int(count or 0) for count in counts))
