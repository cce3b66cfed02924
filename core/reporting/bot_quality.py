"""How good the bot's answers are: from their outcomes (`core.evaluation.outcomes`), and what a resolution costs."""

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
    `conversations` had at least one run; one counts on each day on which it had any.
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


def quality(
    session: Session, business_id: int, zone: ZoneInfo, first: date, last: date, channel_id: int | None = None
) -> Quality:
    """The figures from `first` to `last`, days of `zone`, both included.

    Verdicts are up to an hour old, up to a day where the day itself is more than a week ago.
    """
    causes: Counter[tuple[str, str]] = Counter()
    confidence: list[Counter[str]] = [Counter() for _ in range(BINS)]
    named: dict[str, dict[str, Named]] = {"topic": {}, "source": {}}
    totals: Counter[str] = Counter()
    for one in between(session, business_id, zone, first, last, channel_id):
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
        topics=_most(named["topic"]),
        sources=_most(named["source"]),
        conversations=totals["conversation"],
        resolutions=Resolutions(*(totals[what] for what in RESOLUTIONS)),
    )


def _add(known: dict[str, Named], one: Counted) -> None:
    before = known.get(one.label.casefold(), Named(one.label, 0, 0, 0, 0))
    known[one.label.casefold()] = Named(
        max(before.name, one.label),
        before.count + one.count,
        before.good + one.good,
        before.bad + one.bad,
        before.handed_over + one.handed_over,
    )


def _most(known: dict[str, Named]) -> list[Named]:
    return sorted(known.values(), key=lambda one: (-one.count, one.name))[:_MOST_NAMED]
