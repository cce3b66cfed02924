"""The calibration curve: monotonic, within 0 and 1, and the identity for a small sample."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots.calibration import IDENTITY, MIN_SAMPLE, fit

confidences = st.floats(0, 1)
samples = st.lists(st.tuples(confidences, st.booleans()), min_size=MIN_SAMPLE, max_size=150)


@given(samples, confidences, confidences)
def test_more_certainty_never_counts_for_less(outcomes: list[tuple[float, bool]], one: float, other: float) -> None:
    curve = fit(outcomes)
    low, high = sorted((one, other))
    assert 0 <= curve.apply(low) <= curve.apply(high) <= 1


@given(samples)
def test_points_rise_and_order_does_not_matter(outcomes: list[tuple[float, bool]]) -> None:
    curve = fit(outcomes)
    assert curve.sample == len(outcomes)
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in zip(curve.points, curve.points[1:], strict=False))
    shuffled = outcomes[:]
    random.Random(7).shuffle(shuffled)
    assert [round(y, 9) for _, y in fit(shuffled).points] == [round(y, 9) for _, y in curve.points]


def test_too_few_outcomes_change_nothing() -> None:
    assert fit([(0.9, False)] * (MIN_SAMPLE - 1)) is IDENTITY
    assert IDENTITY.apply(0.37) == 0.37


def test_a_bot_that_is_too_sure_of_itself_is_believed_less() -> None:
    curve = fit([(0.9, n % 2 == 0) for n in range(60)])
    ((claimed, observed),) = curve.points
    assert (claimed, observed, curve.sample) == (pytest.approx(0.9), 0.5, 60)
    assert curve.apply(0.9) == curve.apply(1.0) == 0.5


def test_a_modest_bot_is_believed_more_but_only_where_it_has_answered() -> None:
    curve = fit([(0.65, True)] * 30 + [(0.85, True)] * 30)
    assert curve.apply(0.7) == 1.0
    assert curve.apply(0.3) == 0.3  # no answer so unsure was ever sent


def test_between_two_levels_lies_a_line() -> None:
    curve = fit([(0.6, n < 10) for n in range(40)] + [(0.8, n < 30) for n in range(40)])
    assert curve.apply(0.6) == pytest.approx(0.25)
    assert curve.apply(0.7) == pytest.approx(0.5)
    assert curve.apply(0.8) == pytest.approx(0.75)


def test_a_single_stroke_of_luck_makes_no_certainty() -> None:
    curve = fit([(0.7, n % 2 == 0) for n in range(60)] + [(0.99, True)])
    assert curve.apply(1.0) < 0.6
