"""Quality of the bot's answers, from their outcomes (`core.evaluation.outcomes`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.models import AnswerVerdict
from core.reporting.answer_rollups import BINS as BINS
from core.reporting.answer_rollups import RESOLUTIONS, Counted, between

_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Named:
    """A topic or source title with the outcomes of the runs that have it."""

    name: str
    count: int
    good: int
    bad: int
    handed_over: int


@dataclass(frozen=True, slots=True)
class Resolutions:
    """Conversations that ended a week before each day of the period: closed, or silent with no customer waiting.

    `durable` are those whose customer opened no new one within a week, `by_bot` those of them without a hand-off.
    """

    ended: int
    durable: int
    by_bot: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Outcomes of the runs of a period.

    `causes` counts runs by verdict and cause; `confidence` counts verdicts in ten bins of the uncalibrated confidence.
    `conversations` counts conversations with a run, once for each day with one.
    """

    causes: Mapping[tuple[str, str], int]
    confidence: Sequence[Mapping[str, int]]
    topics: Sequence[Named]
    sources: Sequence[Named]
    conversations: int
    resolutions: Resolutions

    def count(self, verdict: AnswerVerdict) -> int:
        """Return the number of runs with a verdict."""
        return sum(count for (one, _), count in self.causes.items() if one == verdict)

    @property
    def handed_over(self) -> dict[str, int]:
        """Hand-offs by cause, most frequent first."""
        causes = [(cause, n) for (verdict, cause), n in self.causes.items() if verdict == AnswerVerdict.HANDED_OVER]
        return dict(sorted(causes, key=lambda one: -one[1]))


def quality(session: Session, zone: ZoneInfo, first: date, last: date, channel_id: int | None = None) -> Quality:
    """Return the figures from `first` to `last`, days of `zone`, inclusive.

    Verdicts are up to an hour stale; up to a day for days more than a week ago.
    """
    causes: Counter[tuple[str, str]] = Counter()
    confidence: list[Counter[str]] = [Counter() for _ in range(BINS)]
    named: dict[str, dict[str, Named]] = {"topic": {}, "source": {}}
    totals: Counter[str] = Counter()
    for one in between(session, zone, first, last, channel_id):
        if one.what == "verdict":
            verdict, _, cause = one.label.partition(":")
            causes[verdict, cause] += one.count
            if one.bin >= 0:
                confidence[one.bin][verdict] += one.count
        elif one.what in named:
            _add(named[one.what], one)
        else:
            totals[one.what] += one.count
    return Quality(
        causes=causes,
        confidence=confidence,
        topics=_most_frequent(named["topic"]),
        sources=_most_frequent(named["source"]),
        conversations=totals["conversation"],
        resolutions=Resolutions(*(totals[what] for what in RESOLUTIONS)),
    )


def _add(totals: dict[str, Named], one: Counted) -> None:
    before = totals.get(one.label.casefold(), Named(one.label, 0, 0, 0, 0))
    totals[one.label.casefold()] = Named(
        max(before.name, one.label),
        before.count + one.count,
        before.good + one.good,
        before.bad + one.bad,
        before.handed_over + one.handed_over,
    )


def _most_frequent(totals: dict[str, Named]) -> list[Named]:
    return sorted(totals.values(), key=lambda one: (-one.count, one.name))[:_MOST_NAMED]
