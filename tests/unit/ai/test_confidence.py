"""Confidence of an answer and its parts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots.calibration import IDENTITY, Calibration
from core.replies.assistant import compose
from core.replies.confidence import INVENTED_AMOUNTS, OTHER_LANGUAGE, UNGROUNDED, UNKNOWN_SOURCES, Signals, weigh
from core.replies.decision import HandOff, Reply
from core.replies.handoff_rules import Reason
from tests.support.scripted_model import request, says

shares = st.floats(0, 1)
signals = st.builds(Signals, model=shares, evidence=st.none() | shares)
RULES = ("ungrounded", "invented_amounts", "unknown_sources", "other_language")


@given(signals, st.sampled_from(RULES))
def test_it_stays_within_bounds_and_a_broken_rule_only_lowers_it(clean: Signals, rule: str) -> None:
    good, bad = weigh(clean, IDENTITY), weigh(replace(clean, **{rule: True}), IDENTITY)
    assert 0 <= bad.result <= good.result <= 1
    assert rule in bad.parts and rule not in good.parts


def test_the_parts_tell_how_it_came_about() -> None:
    signals = Signals(0.8, evidence=0.4, unknown_sources=True, other_language=True)
    confidence = weigh(signals, Calibration(((0.2, 0.1), (0.8, 0.9)), 60))
    raw = (0.8 * 0.8 + 0.2 * 0.4) * UNKNOWN_SOURCES * OTHER_LANGUAGE
    assert confidence.parts == pytest.approx(
        {
            "model": 0.8,
            "evidence": 0.4,
            "unknown_sources": UNKNOWN_SOURCES,
            "other_language": OTHER_LANGUAGE,
            "raw": raw,
            "result": 0.1 + 0.8 * (raw - 0.2) / 0.6,
        }
    )
    assert confidence.result == confidence.parts["result"]


def test_a_poor_likeness_alone_holds_back_no_answer_that_the_model_is_sure_of() -> None:
    assert weigh(Signals(0.7, evidence=0.25), IDENTITY).result >= request().settings.confidence_threshold


@pytest.mark.parametrize("factor", [UNGROUNDED, INVENTED_AMOUNTS])
def test_one_grave_fault_is_enough_for_a_person(factor: float) -> None:
    assert factor * 1.0 < request().settings.confidence_threshold


@pytest.mark.parametrize(
    ("answer", "grounded", "result"),
    [
        ({"states_facts": True, "sources": ["kb-3"]}, True, 0.86),
        ({"states_facts": True, "sources": ["facts"]}, True, 0.9),
        ({"states_facts": False, "sources": []}, None, 0.9),
        ({"states_facts": True, "sources": []}, False, 0.45),
        ({"states_facts": True, "sources": ["kb-99"]}, False, 0.36),
        ({"states_facts": False, "sources": ["kb-99"]}, False, 0.36),
        ({"states_facts": True, "sources": ["kb-3", "kb-99"]}, True, 0.688),
    ],
)
def test_what_an_answer_rests_on(answer: dict[str, object], grounded: bool | None, result: float) -> None:
    trace = compose(request(), says("Sí, enviamos a todo el país.", **answer)).trace
    assert trace.grounded is grounded
    assert trace.confidence["result"] == pytest.approx(result)


def test_facts_without_a_source_go_to_a_person() -> None:
    outcome = compose(request(), says("Abrimos los lunes.", confidence=0.99, states_facts=True))
    assert isinstance(outcome, HandOff)
    assert (outcome.reason, outcome.trace.grounded) == (Reason.LOW_CONFIDENCE, False)


def test_an_answer_in_another_language_loses_confidence() -> None:
    english = says("You can pay with card, and we open at nine.", language="en")
    assert compose(request("¿qué medios de pago hay?"), english).trace.confidence["other_language"] == OTHER_LANGUAGE
    for settings, asked in (({"language": "en"}, "¿qué medios de pago hay?"), ({}, "how can I pay?"), ({}, "ok")):
        assert "other_language" not in compose(request(asked, **settings), english).trace.confidence


def test_calibration_decides_what_the_threshold_sees() -> None:
    doubtful = Calibration(((0.9, 0.4),), 60)
    outcome = compose(replace(request(), calibration=doubtful), says())
    assert isinstance(outcome, HandOff) and outcome.reason is Reason.LOW_CONFIDENCE
    assert (outcome.trace.confidence["raw"], outcome.trace.confidence["result"]) == (0.9, 0.4)
    assert outcome.detail == "0.40 is below 0.60"
    trusting = Calibration(((0.5, 0.9), (0.9, 1.0)), 60)
    assert isinstance(compose(replace(request(), calibration=trusting), says(confidence=0.55)), Reply)
