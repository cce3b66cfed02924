"""What changed, and what was expected: rules without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.replay_diff import Difference, Expectation, Kind, Made, Miss, difference, misses

YES = Made(kind=Kind.REPLY, text="Sí, enviamos en 3 días.", sources=("kb-1",))
PERSON = Made(kind=Kind.HAND_OFF, text="Le paso con una persona.", reason="keyword")


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
        (YES, Made(kind=Kind.SILENT), Difference.MANNER),
    ],
)
def test_what_changed(before: Made, after: Made, expected: Difference) -> None:
    assert difference(before, after) is expected


@pytest.mark.parametrize(
    ("expected", "got", "missed"),
    [
        (Expectation(contains=("ENVÍAMOS", "3 dias")), YES, ()),
        (Expectation(contains=("gratis",)), YES, (Miss.CONTAINS,)),
        (Expectation(avoids=("3 DÍAS",)), YES, (Miss.AVOIDS,)),
        (Expectation(hands_off=True), PERSON, ()),
        (Expectation(hands_off=True), YES, (Miss.HANDS_OFF,)),
        (Expectation(hands_off=False), PERSON, (Miss.ANSWERS,)),
        (Expectation(hands_off=False), Made(kind=Kind.SILENT), (Miss.ANSWERS,)),
        (Expectation(cites=True), YES, ()),
        (Expectation(cites=True, contains=("x",)), PERSON, (Miss.CONTAINS, Miss.CITES)),
    ],
)
def test_what_was_expected(expected: Expectation, got: Made, missed: tuple[Miss, ...]) -> None:
    assert misses(expected, got) == missed


@given(st.text(max_size=80), st.sampled_from(Kind))
def test_nothing_expected_is_never_missed_and_nothing_changed_is_the_same(text: str, kind: Kind) -> None:
    got = Made(kind=kind, text=text)
    assert misses(Expectation(), got) == ()
    assert difference(got, got) is Difference.SAME
    assert not Expectation().asks_anything
