"""Outcomes of answers, judged by the events after them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from core.evaluation import outcomes
from core.evaluation.outcomes import FollowUp, judged
from core.models import AIRun, AnswerOutcome, AnswerVerdict, Conversation
from core.platform.db import system_transaction, transaction
from tests.factories import NOW, ai_run, change, message, past_conversation

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def verdicts(business) -> dict[int, tuple[str, str]]:
    with transaction(business.business_id) as session:
        outcomes.judge(session, business.bot_id)
        rows = session.execute(select(AnswerOutcome.run_id, AnswerOutcome.verdict, AnswerOutcome.cause))
        return {run_id: (verdict, cause) for run_id, verdict, cause in rows}


def test_an_answer_is_good_when_its_conversation_stays_over_for_a_week(business) -> None:
    over, fresh, silent, waiting = (
        past_conversation(business, ended=8 * DAY),
        past_conversation(business, ended=2 * DAY),
        past_conversation(business, last_message_at=NOW - 9 * DAY),
        past_conversation(business, last_message_at=NOW - 9 * DAY, waiting_since=NOW - 9 * DAY),
    )
    runs = [ai_run(business, one, 9 * DAY) for one in (over, fresh, silent, waiting)]
    found = verdicts(business)
    assert [found[one] for one in runs] == [
        ("good", "resolved"), ("unknown", "open"), ("good", "resolved"), ("unknown", "open"),
    ]  # fmt: skip


def test_who_comes_back_within_the_week_was_not_helped(business) -> None:
    again, later = past_conversation(business, ended=8 * DAY), past_conversation(business, ended=20 * DAY)
    runs = [ai_run(business, again, 9 * DAY), ai_run(business, later, 20 * DAY)]
    back, much_later = (
        past_conversation(business, created_at=NOW - 6 * DAY),
        past_conversation(business, created_at=NOW - 5 * DAY),
    )
    with system_transaction() as session:
        whose = {one: session.get_one(Conversation, one).contact_id for one in (again, later)}
    change(back, contact_id=whose[again])
    change(much_later, contact_id=whose[later])
    found = verdicts(business)
    assert [found[one] for one in runs] == [("bad", "came_back"), ("good", "resolved")]


def test_a_conversation_opened_again_was_not_over(business) -> None:
    held = past_conversation(business, ended=8 * DAY)
    run = ai_run(business, held, 20 * DAY)
    message(held, "", sender="system", at=NOW - 15 * DAY, type="event", payload={"event": "reopened"})
    assert verdicts(business)[run] == ("bad", "came_back")


@pytest.mark.parametrize(("score", "verdict"), [(1, "bad"), (2, "bad"), (3, "unknown"), (4, "good"), (5, "good")])
def test_the_customers_score_counts(business, score: int, verdict: str) -> None:
    run = ai_run(business, past_conversation(business, ended=DAY, csat=score), 2 * DAY)
    assert verdicts(business)[run][0] == verdict


@pytest.mark.parametrize("reason", ["keyword", "asked_twice", "sentiment"])
def test_asking_for_a_person_right_after_an_answer_speaks_against_it(business, reason: str) -> None:
    held = past_conversation(business, ended=8 * DAY)
    first = ai_run(business, held, 9 * DAY)
    second = ai_run(business, held, 9 * DAY - 2 * HOUR)
    handed = ai_run(business, held, 9 * DAY - 2 * HOUR - MINUTE, outcome="handoff", decided_by=reason)
    found = verdicts(business)
    assert found[second] == ("bad", "handed_over")
    assert found[handed] == ("handed_over", reason)
    assert found[first] == ("good", "resolved"), "the answer before the last one is not blamed"


def test_a_hand_over_hours_later_says_nothing_of_the_answer(business) -> None:
    held = past_conversation(business, ended=8 * DAY)
    run = ai_run(business, held, 9 * DAY)
    ai_run(business, held, 9 * DAY - 2 * HOUR, outcome="handoff", decided_by="keyword")
    assert verdicts(business)[run] == ("good", "resolved")


def test_a_person_who_writes_before_the_customer_does_corrects_the_bot(business) -> None:
    corrected, followed, late = (past_conversation(business, ended=8 * DAY) for _ in range(3))
    runs = [ai_run(business, one, 9 * DAY) for one in (corrected, followed, late)]
    message(corrected, "No: it is 20 euros.", sender="agent", at=NOW - (9 * DAY - 10 * MINUTE))
    message(followed, "And in blue?", at=NOW - (9 * DAY - 5 * MINUTE))
    message(followed, "In blue too.", sender="agent", at=NOW - (9 * DAY - 10 * MINUTE))
    message(late, "Anything else?", sender="agent", at=NOW - (9 * DAY - 40 * MINUTE))
    found = verdicts(business)
    assert [found[one] for one in runs] == [("bad", "corrected"), ("unknown", "person"), ("unknown", "person")]


def test_what_people_do_with_drafts(business) -> None:
    draft = {"draft": "We deliver in two days, from Monday to Friday."}
    held = [past_conversation(business) for _ in range(5)]
    kinds = ["draft_sent", "draft_discarded", "draft_edited", "draft_edited", "draft"]
    runs = [ai_run(business, one, 2 * DAY, outcome=kind, trace=draft) for one, kind in zip(held, kinds, strict=True)]
    message(held[2], "We deliver in two days, from Monday to Friday!", sender="agent", at=NOW - (2 * DAY - MINUTE))
    message(held[3], "We do not deliver there, sorry.", sender="agent", at=NOW - (2 * DAY - MINUTE))
    found = verdicts(business)
    assert [found[one] for one in runs] == [
        ("good", "used"), ("bad", "discarded"), ("good", "used_edited"), ("bad", "edited"), ("unknown", "waiting"),
    ]  # fmt: skip


def test_an_unknown_verdict_is_looked_at_again_the_next_day_and_others_stand(business) -> None:
    open_one, settled = past_conversation(business), past_conversation(business, ended=8 * DAY)
    first, second = ai_run(business, open_one, 9 * DAY), ai_run(business, settled, 9 * DAY)
    verdicts(business)
    change(open_one, csat=5)
    change(settled, csat=1)
    assert verdicts(business)[first] == ("unknown", "open"), "not twice a day"
    with system_transaction() as session:
        session.execute(update(AnswerOutcome).values(judged_at=NOW - DAY))
    found = verdicts(business)
    assert found == {first: ("good", "rated_high"), second: ("good", "resolved")}


def test_stale_runs_and_other_bots_are_left_alone(business) -> None:
    held = past_conversation(business)
    ai_run(business, held, DAY, outcome="stale")
    other = ai_run(business, held, DAY)
    with system_transaction() as session:
        session.execute(update(AIRun).where(AIRun.id == other).values(bot_id=None))
    assert verdicts(business) == {}


def test_samples_are_the_judged_answers_with_a_confidence(business) -> None:
    for confidence, score in ((0.9, 5), (0.7, 1), (None, 5), (0.5, None)):
        ai_run(business, past_conversation(business, csat=score), DAY, confidence=confidence)
    ai_run(business, past_conversation(business, csat=4), DAY, confidence=0.9, trace={"confidence": {"raw": 0.4}})
    verdicts(business)
    with transaction(business.business_id) as session:
        assert sorted(outcomes.samples(session, business.bot_id)) == [(0.4, True), (0.7, False), (0.9, True)]


@given(
    st.builds(
        FollowUp,
        outcome=st.sampled_from(["reply", "draft", "draft_sent", "draft_edited", "draft_discarded", "handoff"]),
        decided_by=st.just("model"),
        draft=st.none() | st.text(max_size=20),
        next_reason=st.none() | st.sampled_from(["keyword", "low_confidence"]),
        corrected=st.booleans(),
        next_by_person=st.none() | st.text(max_size=20),
        score=st.none() | st.integers(1, 5),
        ended=st.booleans(),
        came_back=st.booleans(),
    )
)
def test_a_low_score_or_a_return_never_makes_an_answer_good(after: FollowUp) -> None:
    verdict = judged(after).verdict
    if after.outcome == "reply" and (after.came_back or (after.score or 5) <= 2):
        assert verdict is not AnswerVerdict.GOOD
    if after.outcome == "handoff":
        assert verdict is AnswerVerdict.HANDED_OVER
