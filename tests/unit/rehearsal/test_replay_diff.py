"""Differences and expectations: rules without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.replay_diff import (
    Difference,
    Expectation,
    FailedExpectation,
    Kind,
    ReplayResult,
    difference,
    failed_expectations,
)

YES = ReplayResult(kind=Kind.REPLY, text="Sí, enviamos en 3 días.", sources=("kb-1",))
PERSON = ReplayResult(kind=Kind.HAND_OFF, text="Le paso con una persona.", reason="keyword")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (YES, YES, Difference.SAME),
        (YES, YES.model_copy(update={"text": "SI, enviamos en 3 dias"}), Difference.SAME),
        (YES, YES.model_copy(update={"text": "Sí, enviamos en 5 días."}), Difference.WORDS),
        (YES, PERSON, Difference.NOW_HANDS_OFF),
        (PERSON, YES, Difference.NOW_ANSWERS),
        (YES, YES.model_copy(update={"kind": Kind.DRAFT}), Difference.MANNER),
        (PERSON, PERSON.model_copy(update={"reason": "low_confidence"}), Difference.MANNER),
        (YES, ReplayResult(kind=Kind.SILENT), Difference.MANNER),
    ],
)
def test_what_changed(before: ReplayResult, after: ReplayResult, expected: Difference) -> None:
    assert difference(before, after) is expected


@pytest.mark.parametrize(
    ("expected", "result", "missed"),
    [
        (Expectation(contains=("ENVÍAMOS", "3 dias")), YES, ()),
        (Expectation(contains=("gratis",)), YES, (FailedExpectation.CONTAINS,)),
        (Expectation(avoids=("3 DÍAS",)), YES, (FailedExpectation.AVOIDS,)),
        (Expectation(hands_off=True), PERSON, ()),
        (Expectation(hands_off=True), YES, (FailedExpectation.HANDS_OFF,)),
        (Expectation(hands_off=False), PERSON, (FailedExpectation.ANSWERS,)),
        (Expectation(hands_off=False), ReplayResult(kind=Kind.SILENT), (FailedExpectation.ANSWERS,)),
        (Expectation(cites=True), YES, ()),
        (Expectation(cites=True, contains=("x",)), PERSON, (FailedExpectation.CONTAINS, FailedExpectation.CITES)),
    ],
)
def test_what_was_expected(expected: Expectation, result: ReplayResult, missed: tuple[FailedExpectation, ...]) -> None:
    assert failed_expectations(expected, result) == missed


@given(st.text(max_size=80), st.sampled_from(Kind))
def test_nothing_expected_is_never_missed_and_nothing_changed_is_the_same(text: str, kind: Kind) -> None:
    result = ReplayResult(kind=kind, text=text)
    assert failed_expectations(Expectation(), result) == ()
    assert difference(result, result) is Difference.SAME
    assert not Expectation().asks_anything
