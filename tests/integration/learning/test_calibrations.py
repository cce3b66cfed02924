"""Calibration learned from outcomes."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from core.bots import calibration_store
from core.bots.calibration import IDENTITY
from core.evaluation import calibration_fit
from core.evaluation.calibration_fit import bins, error
from core.models import AnswerOutcome
from core.platform.db import system_transaction, transaction
from tests.factories import NOW, ai_run, past_conversation


def judged_answers(business, *of: tuple[float, bool]) -> None:
    """Store answers with this confidence that turned out good or bad."""
    held = past_conversation(business)
    rows = [
        {
            "business_id": business.business_id, "bot_id": business.bot_id, "conversation_id": held,
            "run_id": ai_run(business, held, timedelta(days=1)), "at": NOW - timedelta(days=1),
            "verdict": "good" if good else "bad", "cause": "", "confidence": confidence,
        }
        for confidence, good in of
    ]  # fmt: skip
    with system_transaction() as session:
        session.execute(insert(AnswerOutcome), rows)


def boastful(count: int = 60) -> list[tuple[float, bool]]:
    """A bot that is always almost certain and right half of the time."""
    return [(0.9 + 0.001 * (number % 10), number % 2 == 0) for number in range(count)]


def test_a_boastful_bot_learns_how_sure_it_may_be(business) -> None:
    judged_answers(business, *boastful())
    with transaction(business.business_id) as session:
        learned = calibration_fit.learn(session, business.bot_id)
        assert learned.sample == 60
        assert learned.apply(0.95) == pytest.approx(0.5, abs=0.1)
        found = calibration_fit.reliability(session, business.bot_id)
    assert [one.count for one in found.before] == [60]
    assert found.before[0].observed == 0.5
    assert found.error_before == pytest.approx(0.4, abs=0.02)
    assert found.error_after == pytest.approx(0, abs=0.1)
    assert found.sample == 60


def test_with_few_outcomes_nothing_changes(business) -> None:
    judged_answers(business, *boastful(20))
    with transaction(business.business_id) as session:
        assert calibration_fit.learn(session, business.bot_id) == IDENTITY
        found = calibration_fit.reliability(session, business.bot_id)
    assert found.before == found.after
    assert found.sample == 0


def test_a_bot_that_never_answered_has_no_figures(business) -> None:
    with transaction(business.business_id) as session:
        found = calibration_fit.reliability(session, business.bot_id)
    assert (found.before, found.error_before, found.computed_at) == ([], None, None)


def test_the_process_that_answers_asks_the_database_once(business, monkeypatch: pytest.MonkeyPatch) -> None:
    judged_answers(business, *boastful())
    bot = business.bot_id
    with transaction(business.business_id) as session:
        assert calibration_store.of_bot(session, bot) == IDENTITY
        calibration_fit.learn(session, bot)
        assert calibration_store.of_bot(session, bot) == IDENTITY, "known from a moment ago"
        later = time.monotonic() + 301
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert calibration_store.of_bot(session, bot).sample == 60


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans())))
def test_bins_lose_no_answer_and_the_error_is_a_share(samples: list[tuple[float, bool]]) -> None:
    found = bins(samples)
    assert sum(one.count for one in found) == len(samples)
    measured = error(found)
    assert (measured is None) == (not samples)
    assert measured is None or 0 <= measured <= 1
