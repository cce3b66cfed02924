"""Suggestions from unanswered questions, and the decisions on them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from core.bots import versions
from core.bots.settings import QaPair
from core.evaluation import hourly_run, suggestions, unanswered_questions
from core.evaluation.agent_answers import best, most_like_others
from core.evaluation.suggestions import Suggested
from core.models import AnswerOutcome, BotCalibration, Suggestion
from core.platform.db import system_transaction, transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from core.text.pii import MASK
from tests.factories import NOW, ai_run, asked_in_vain, message, past_conversation
from tests.support.refusals import refused

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ME = Actor.agent(1)


def gathered(business, view: str = "open") -> list[Suggested]:
    hourly_run.collect_questions(business.business_id, business.bot_id)
    with transaction(business.business_id) as session:
        return suggestions.listed(session, business.bot_id, view)


def violins(business, count: int = 1, **kept: str) -> Suggested:
    for number in range(count):
        asked_in_vain(business, "Do you repair violins?", DAY - number * HOUR, **kept)
    (found,) = gathered(business)
    return found


def settings_of(business) -> tuple[int, list[QaPair]]:
    with transaction(business.business_id) as session:
        number, settings = versions.current(session, business.bot_id)
    return number, list(settings.qa_pairs)


def test_the_same_question_is_one_suggestion_with_its_examples(business) -> None:
    asked_in_vain(business, "Do you repair violins?", 5 * DAY)
    asked_in_vain(business, "hi, do you guys repair violin?", 2 * DAY, reason="no_model")
    asked_in_vain(business, "¿Hacen envíos a Canarias?", DAY, reason="model_asked")
    first, second = gathered(business)
    assert (first.question, first.count, first.language) == ("Do you repair violins?", 2, "en")
    assert first.last_asked_at - first.first_asked_at == 3 * DAY
    assert [one.question for one in first.examples] == ["hi, do you guys repair violin?", "Do you repair violins?"]
    assert (second.count, second.language, second.answer) == (1, "es", "")


def test_later_questions_join_and_ids_stay(business) -> None:
    before = violins(business)
    asked_in_vain(business, "Do you repair a violin?", HOUR)
    (after,) = gathered(business)
    assert (after.id, after.question, after.count) == (before.id, before.question, 2)
    assert gathered(business) == [after], "looking again changes nothing"


def test_only_questions_in_vain_of_the_last_month_count(business) -> None:
    asked_in_vain(business, "Do you repair violins?", 31 * DAY)
    asked_in_vain(business, "Give me a manager", DAY, reason="keyword")
    asked_in_vain(business, "hola", DAY)
    answered = past_conversation(business)
    message(answered, "Do you sell violins?", at=NOW - DAY)
    ai_run(business, answered, DAY)
    assert gathered(business) == []


def test_a_question_is_all_that_the_customer_wrote_since_the_last_answer(business) -> None:
    held = past_conversation(business)
    message(held, "Is it open today?", at=NOW - 3 * HOUR)
    message(held, "Yes.", sender="bot", at=NOW - 2 * HOUR)
    message(held, "And do you", at=NOW - (HOUR + timedelta(seconds=9)))
    message(held, "photo", at=NOW - (HOUR + timedelta(seconds=8)), type="image")
    message(held, "repair violins?", at=NOW - (HOUR + timedelta(seconds=7)))
    ai_run(business, held, HOUR, outcome="handoff", decided_by="low_confidence")
    message(held, "Hello?", at=NOW - timedelta(minutes=5))
    (found,) = gathered(business)
    assert found.question == "And do you repair violins?"


def test_what_colleagues_answer_becomes_the_draft(business) -> None:
    suggestion = violins(business)
    assert suggestion.answer == ""
    number = asked_in_vain(business, "Do you repair violins?", 3 * HOUR)
    with system_transaction() as session:
        held = session.scalar(text("SELECT conversation_id FROM ai_runs WHERE id = :id"), {"id": number})
    message(held, "Hi, I'm Ana, one moment please.", sender="agent", at=NOW - 2 * HOUR)
    message(held, "Yes, we repair violins. Write to ana@shop.example.", sender="agent", at=NOW - HOUR)
    (found,) = gathered(business)
    assert found.answer == f"Yes, we repair violins. Write to {MASK}."
    assert found.drafted_by == "team"
    assert found.examples[0].answer == found.answer


def test_personal_data_of_customers_is_not_kept(business) -> None:
    asked_in_vain(
        business, "I'm Daniela Cruz, +54 9 11 5555 0001: do you repair violins?", DAY, answer="Sure, Daniela!"
    )
    (found,) = gathered(business)
    assert "Daniela" not in repr(found)
    assert "5555" not in repr(found)
    assert found.answer == f"Sure, {MASK}!"


def test_accepting_makes_an_approved_answer_of_the_next_version(business) -> None:
    suggestion = violins(business, answer="Yes, we do.")
    number, pairs = settings_of(business)
    with transaction(Scope(business.business_id, ME)) as session:
        version = suggestions.accept(session, suggestion.id, "Do you repair violins? ", "Yes, in a week.")
    after, found = settings_of(business)
    assert after == version == number + 1
    assert found == [*pairs, QaPair(question="Do you repair violins?", answer="Yes, in a week.", approved=True)]
    assert gathered(business) == []
    (accepted,) = gathered(business, "accepted")
    assert accepted.answer == "Yes, in a week."
    with system_transaction() as session:
        author = session.scalar(text("SELECT author FROM bot_versions WHERE version = :number"), {"number": version})
    assert author == str(ME)


def test_a_question_that_has_an_answer_gets_the_new_one(business) -> None:
    suggestion = violins(business)
    for answer in ("Yes.", "No."):
        with system_transaction() as session:
            session.execute(update(Suggestion).values(state="open"))
        with transaction(Scope(business.business_id, ME)) as session:
            suggestions.accept(session, suggestion.id, "Do you repair violins?", answer)
    same = [one.answer for one in settings_of(business)[1] if "violins" in one.question]
    assert same == ["No."]


@pytest.mark.parametrize(
    ("question", "answer", "code"),
    [
        (f"Is {MASK} there?", "Yes.", "still_masked"),
        ("Is Ana there?", f"Write to {MASK}.", "still_masked"),
        ("", "Yes.", "invalid_answer"),
        ("Is Ana there?", "  ", "invalid_answer"),
        ("Is Ana there?", "x" * 4001, "invalid_answer"),
    ],
)
def test_words_that_cannot_be_an_answer_change_nothing(business, question: str, answer: str, code: str) -> None:
    suggestion = violins(business)
    before = settings_of(business)
    with refused(code), transaction(Scope(business.business_id, ME)) as session:
        suggestions.accept(session, suggestion.id, question, answer)
    assert settings_of(business) == before
    assert [one.id for one in gathered(business)] == [suggestion.id]


def test_setting_aside_can_be_undone_and_what_is_asked_again_joins_it_there(business) -> None:
    suggestion = violins(business)
    with transaction(Scope(business.business_id, ME)) as session:
        suggestions.dismiss(session, suggestion.id)
    asked_in_vain(business, "Do you repair violins?", HOUR)
    assert gathered(business) == []
    assert [one.count for one in gathered(business, "dismissed")] == [2]
    with transaction(Scope(business.business_id, ME)) as session:
        assert suggestions.counts(session, business.bot_id) == {"dismissed": 1}
        suggestions.reopen(session, suggestion.id)
    assert [one.count for one in gathered(business)] == [2]


def test_a_snoozed_suggestion_comes_back_by_itself(business) -> None:
    suggestion = violins(business)
    with transaction(Scope(business.business_id, ME)) as session:
        suggestions.snooze(session, suggestion.id, 7)
    assert gathered(business) == []
    assert [one.id for one in gathered(business, "snoozed")] == [suggestion.id]
    with system_transaction() as session:
        session.execute(text("UPDATE suggestions SET snoozed_until = now() - interval '1 second'"))
    assert [one.id for one in gathered(business)] == [suggestion.id]


def test_two_people_do_not_decide_twice(business) -> None:
    suggestion = violins(business)
    with transaction(Scope(business.business_id, ME)) as session:
        suggestions.dismiss(session, suggestion.id)
    with refused("already_decided"), transaction(Scope(business.business_id, Actor.agent(2))) as session:
        suggestions.accept(session, suggestion.id, "Q", "A")
    with pytest.raises(NotFound), transaction(Scope(business.business_id, ME)) as session:
        suggestions.snooze(session, 999, 7)


def test_another_business_sees_nothing_of_it(business) -> None:
    suggestion = violins(business)
    with transaction(Scope(business.business_id + 1, ME)) as session:
        assert suggestions.listed(session, business.bot_id) == []
        with pytest.raises(NotFound):
            suggestions.dismiss(session, suggestion.id)


def test_each_bot_learns_once_an_hour(business) -> None:
    asked_in_vain(business, "Do you repair violins?", DAY)
    assert hourly_run.run_due() == 1
    assert hourly_run.run_due() == 0
    with system_transaction() as session:
        assert session.scalars(select(AnswerOutcome.verdict)).all() == ["handed_over"]
        assert session.scalars(select(Suggestion.question)).all() == ["Do you repair violins?"]
        session.execute(text("UPDATE bot_calibrations SET computed_at = now() - interval '61 minutes'"))
        assert session.scalars(select(BotCalibration.sample)).all() == [0]
    assert hourly_run.run_due() == 1


def test_who_looks_again_while_the_bot_learns_waits_and_finds_it_done(business) -> None:
    asked_in_vain(business, "Do you repair violins?", DAY)
    scope = (business.business_id, business.bot_id)
    with ThreadPoolExecutor(1) as pool, transaction(business.business_id) as session:
        unanswered_questions.cluster_questions(session, business.bot_id)
        other = pool.submit(hourly_run.collect_questions, *scope)
        wait([other], timeout=0.5)
        assert not other.done()
        session.commit()
        other.result()
    assert [one.count for one in gathered(business)] == [1]


def test_more_questions_than_a_batch_are_all_gathered(business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered_questions, "BATCH", 2)
    for number in range(5):
        asked_in_vain(business, "Do you repair violins?", (number + 1) * HOUR)
    (found,) = gathered(business)
    assert found.count == 5


def test_the_usual_answer_is_taken_not_the_exception() -> None:
    usual = ["Yes, we ship to Canarias in a week.", "Yes: we ship to Canarias, it takes a week."]
    assert most_like_others(["Not this time, we ran out of boxes.", *usual]) in usual
    assert (
        best("Do you ship?", ["Hello!", "We ship.", "Anything else I can do for you today, dear customer?"])
        == "We ship."
    )
