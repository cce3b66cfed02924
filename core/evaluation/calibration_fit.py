"""Fit each bot's calibration to its outcomes, and report its reliability."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.bots.calibration import Calibration, fit
from core.bots.calibration_store import stored
from core.evaluation import outcomes
from core.platform.db import business_of, run

_BINS = 10

_STORE = """
INSERT INTO bot_calibrations (business_id, bot_id, points, sample)
VALUES (%(business)s, %(bot)s, %(points)s::jsonb, %(sample)s)
ON CONFLICT (bot_id) DO UPDATE SET points = excluded.points, sample = excluded.sample
"""


def learn(session: Session, bot_id: int) -> Calibration:
    """Fit the bot's calibration to its judged answers and store it. Without enough of them it is the identity."""
    learned = fit(outcomes.samples(session, bot_id))
    values = {"business": business_of(session), "bot": bot_id, "sample": learned.sample}
    run(session, _STORE, {**values, "points": json.dumps(learned.points)})
    return learned


@dataclass(frozen=True, slots=True)
class Bin:
    """Judged answers of similar confidence: the mean claim and the mean outcome, 0 to 1."""

    claimed: float
    observed: float
    count: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Confidence of a bot against the outcomes of its answers, before and after calibration.

    `error_before` and `error_after` are the mean distance between the two, weighted by answers (expected calibration
    error); None without a judged answer. `computed_at` is when the bot last learned, `sample` from how many answers.
    """

    before: Sequence[Bin]
    after: Sequence[Bin]
    error_before: float | None
    error_after: float | None
    sample: int
    computed_at: datetime | None


def reliability(session: Session, bot_id: int) -> Reliability:
    """Return the data of the calibration plot, from the same answers that the calibration is fitted to."""
    learned, computed_at = stored(session, bot_id)
    samples = outcomes.samples(session, bot_id)
    before = bins(samples)
    after = bins([(learned.apply(raw), good) for raw, good in samples])
    return Reliability(before, after, error(before), error(after), learned.sample, computed_at)


def bins(samples: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Group samples into ten bins of equal width, without the empty ones."""
    parts: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for claimed, good in samples:
        parts[min(int(claimed * _BINS), _BINS - 1)].append((claimed, good))
    return [
        Bin(sum(claimed for claimed, _ in part) / len(part), sum(good for _, good in part) / len(part), len(part))
        for part in parts
        if part
    ]


def error(found: Sequence[Bin]) -> float | None:
    """Return the expected calibration error: the distance of claim and outcome, averaged over answers."""
    count = sum(one.count for one in found)
    return sum(one.count * abs(one.claimed - one.observed) for one in found) / count if count else None
