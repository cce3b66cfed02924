"""Map a bot's confidence to the share of such answers that turned out well.

The curve is an isotonic regression (pool adjacent violators), the usual choice when nothing is known about the shape of
the error but that more certainty must never count for less. No network and no database here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MIN_SAMPLE = 50  # outcomes; with fewer the curve would reflect chance
_MIN_BIN = 10  # outcomes behind each step, so that one lucky answer gives no certainty


@dataclass(frozen=True, slots=True)
class Calibration:
    """`points` are (raw, observed), both within 0 and 1: the first rises strictly, the second never falls.

    `sample` is the number of outcomes behind them. Without points the calibration is the identity.
    """

    points: tuple[tuple[float, float], ...] = ()
    sample: int = 0

    def apply(self, raw: float) -> float:
        """Return how often answers of this confidence turn out well, interpolated linearly between two points.

        Outcomes are known only for answers that were given. Below the first point nothing was learned, so the curve may
        lower such a confidence and never raises it: it cannot pass what was always handed off.
        """
        if not self.points:
            return raw
        index = bisect_right(self.points, raw, key=lambda point: point[0])
        if index == 0:
            return min(raw, self.points[0][1])
        if index == len(self.points):
            return self.points[-1][1]
        (left, low), (right, high) = self.points[index - 1 : index + 1]
        # Rounding could exceed the end of the segment.
        return min(high, max(low, low + (high - low) * (raw - left) / (right - left)))


IDENTITY = Calibration()


def fit(samples: Sequence[tuple[float, bool]]) -> Calibration:
    """Fit the curve to (raw confidence, whether it turned out well). `IDENTITY` with fewer than `MIN_SAMPLE`."""
    if len(samples) < MIN_SAMPLE:
        return IDENTITY
    points = tuple((step.raw / step.count, step.good / step.count) for step in _pooled(_bins(samples)))
    return Calibration(points, len(samples))


@dataclass(slots=True)
class _Step:
    """Outcomes on one level: the sum of their confidences, how many turned out well, how many there are."""

    raw: float
    good: int
    count: int


def _bins(samples: Iterable[tuple[float, bool]]) -> list[_Step]:
    """Group neighbours until each group is large enough; equal confidences are never separated."""
    bins: list[_Step] = []
    last: float | None = None
    # Rounded, so that the means of two neighbours cannot meet by a floating-point error.
    for raw, good in sorted((round(raw, 4), good) for raw, good in samples):
        if not bins or (bins[-1].count >= _MIN_BIN and raw != last):
            bins.append(_Step(0.0, 0, 0))
        step, last = bins[-1], raw
        step.raw, step.good, step.count = step.raw + raw, step.good + good, step.count + 1
    if len(bins) > 1 and bins[-1].count < _MIN_BIN:
        _merge(bins)
    return bins


def _pooled(bins: Iterable[_Step]) -> list[_Step]:
    steps: list[_Step] = []
    for one in bins:
        steps.append(one)
        while len(steps) > 1 and steps[-2].good * steps[-1].count > steps[-1].good * steps[-2].count:
            _merge(steps)
    return steps


def _merge(steps: list[_Step]) -> None:
    last = steps.pop()
    steps[-1] = _Step(steps[-1].raw + last.raw, steps[-1].good + last.good, steps[-1].count + last.count)
