"""A replay on the real database: stored questions, both settings, limits, cancelling, resuming after a kill."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, insert, update

from core.bots import usage, version_history, versions
from core.bots.llm.types import Completion, FailureKind, Prompt
from core.bots.model_prices import load_prices
from core.bots.settings import BotSettings, QaPair
from core.evaluation import replay_task, replays, test_cases
from core.evaluation.replay_diff import Difference, Expectation, FailedExpectation, Kind
from core.evaluation.replays import Plan, RehearsalView
from core.models import AIRun, ReplaySource
from core.platform.db import system_transaction, transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from core.replies.handoff_rules import Reason
from core.tasks import background_tasks
from core.tasks.background_tasks import ClaimedTask, TaskInterrupted
from tests.conftest import TestBusiness
from tests.factories import conversation, says
from tests.support.database import one, rows
from tests.support.refusals import refused
from tests.support.scripted_model import ScriptedModel, fails
from tests.support.scripted_model import says as answers
from workers.jobs import background_task as work

PAIR = QaPair(question="¿Hacen envíos a todo el país?", answer="Sí, en tres días.", approved=True)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    made = answers("Sí, claro.")
    monkeypatch.setattr(replay_task, "model", lambda: made)
    return made


def answered(business: TestBusiness, *said: str, outcome: str = "reply") -> int:
    """Store a conversation in which the bot answered the customer's last message."""
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    for words in said:
        says(business.business_id, talk, words)
    with system_transaction() as session:
        session.execute(
            insert(AIRun).values(
                business_id=business.business_id, conversation_id=talk, bot_id=business.bot_id, settings_version=1,
                prompt_version="", outcome=outcome, decided_by="model", created_at=func.clock_timestamp(),
            )
        )  # fmt: skip
    says(business.business_id, talk, "Enviamos.", sender="bot", direction="outbound", status="sent")
    return talk


def begin(business: TestBusiness, settings: BotSettings, **changes: Any) -> int:
    plan = {"source": ReplaySource.CONVERSATIONS, "count": 10, "spend_limit": Decimal(1), **changes}
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        return replays.begin(session, business.bot_id, Plan(settings, **plan))


def claim() -> ClaimedTask:
    with system_transaction() as session:
        [running] = background_tasks.claim(session, 1, work._LEASE)
    return running


def done(business: TestBusiness) -> RehearsalView:
    work.run_task(claim())
    return look(business)


def look(business: TestBusiness) -> RehearsalView:
    with transaction(business.business_id) as session:
        found = replays.latest(session, business.bot_id)
    assert found is not None
    return found


def messages() -> int:
    found: int = one("SELECT count(*) FROM messages")
    return found


def test_past_conversations_are_tried_with_both_settings_and_nothing_is_sent(business: TestBusiness) -> None:
    talk = answered(business, "hola", "¿tienen mesas de roble?")
    before = messages()
    begin(business, BotSettings(handoff_keywords={"es": ("roble",)}))
    seen = done(business)
    (item,) = seen.items
    assert item.conversation_id == talk
    assert [turn.text for turn in item.said] == ["hola", "¿tienen mesas de roble?"]
    assert item.before is not None and item.after is not None
    assert (item.before.kind, item.before.text, item.before.confidence) == (Kind.REPLY, "Sí, claro.", 0.9)
    assert (item.after.kind, item.after.reason) == (Kind.HAND_OFF, Reason.KEYWORD)
    assert item.difference is Difference.NOW_HANDS_OFF
    assert seen.work is not None
    assert (seen.work.state, seen.work.done, seen.work.total) == ("done", 1, 1)
    assert messages() == before
    assert one("SELECT count(*) FROM deliveries") == 0


def test_the_newest_question_of_each_conversation_is_tried_once_the_newest_first(business: TestBusiness) -> None:
    first = answered(business, "¿abren el lunes?")
    second = answered(business, "¿abren el martes?")
    with system_transaction() as session:
        session.execute(
            insert(AIRun).values(
                business_id=business.business_id, conversation_id=second, bot_id=business.bot_id, settings_version=1,
                prompt_version="", outcome="copilot", decided_by="copilot_draft", created_at=func.clock_timestamp(),
            )
        )  # fmt: skip
    begin(business, BotSettings())
    assert [item.conversation_id for item in look(business).items] == [second, first]


def test_what_it_takes_is_added_up_and_counts_in_the_bots_budget(business: TestBusiness, model: ScriptedModel) -> None:
    answered(business, "¿tienen mesas?")
    begin(business, BotSettings(confidence_threshold=0.95))
    seen = done(business)
    assert len(model.prompts) == 2
    assert seen.spent > 0
    (item,) = seen.items
    assert item.before is not None and item.after is not None
    assert item.before.cost is not None and item.after.cost is not None
    assert seen.spent == item.before.cost + item.after.cost
    assert one("SELECT count(*) FROM audit_entries WHERE action = 'bot.try'") == 2


def test_a_run_ends_before_it_spends_more_than_it_may(business: TestBusiness, model: ScriptedModel) -> None:
    for number in range(3):
        answered(business, f"¿tienen la mesa {number}?")
    most = replays.most_of_a_call(BotSettings(), load_prices())
    assert most is not None
    begin(business, BotSettings(), spend_limit=2 * most)
    seen = done(business)
    assert seen.ended == "spend"
    assert [item.after is not None for item in seen.items] == [True, False, False]
    assert seen.spend_limit is not None
    assert seen.spent <= seen.spend_limit
    assert seen.work is not None
    assert seen.work.state == "done"


def test_a_cancelled_run_stops_and_keeps_what_it_has(business: TestBusiness, model: ScriptedModel) -> None:
    answered(business, "¿tienen mesas?")
    replay_id = begin(business, BotSettings())
    running = claim()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        replays.cancel(session, replay_id)
    with pytest.raises(TaskInterrupted):
        replay_task.run(running)
    seen = look(business)
    assert not seen.is_open
    assert seen.items[0].after is None
    assert model.prompts == []


def test_what_was_cancelled_meanwhile_is_not_written(
    business: TestBusiness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(business, "¿tienen mesas?")
    replay_id = begin(business, BotSettings())
    running = claim()

    class Slow:
        def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
            with transaction(Scope(business.business_id, Actor.agent(1))) as session:
                replays.cancel(session, replay_id)
            return model.answer(prompt, settings, cache_key=cache_key, contact=contact)

    monkeypatch.setattr(replay_task, "model", Slow)
    with pytest.raises(TaskInterrupted):
        replay_task.run(running)
    assert look(business).items[0].after is None


def test_a_killed_run_goes_on_where_it_was(business: TestBusiness, model: ScriptedModel) -> None:
    for number in range(2):
        answered(business, f"¿tienen la mesa {number}?")
    begin(business, BotSettings())
    running = claim()
    with transaction(business.business_id) as session:
        plan = replay_task._load_work(session, running)
    assert plan is not None
    replay_task._try(running, plan, plan.left[0], model)  # and then the worker is killed
    one("UPDATE background_tasks SET due_at = now() RETURNING id")
    model.prompts.clear()
    assert all(item.after is not None for item in done(business).items)
    assert len(model.prompts) == 2


def test_trouble_of_the_provider_is_an_outcome_like_any_other(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(business, "¿tienen mesas?")
    monkeypatch.setattr(replay_task, "model", lambda: fails(FailureKind.SERVER))
    begin(business, BotSettings())
    (item,) = done(business).items
    assert item.after is not None
    assert item.after.error is not None
    assert item.after.kind is Kind.HAND_OFF


def test_without_a_model_the_approved_answers_are_compared(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(business, "¿Hacen envíos a todo el país?")
    monkeypatch.setattr(replay_task, "model", lambda: None)
    begin(business, BotSettings(qa_pairs=(PAIR,)))
    seen = done(business)
    assert seen.items[0].difference is Difference.NOW_ANSWERS
    assert seen.spent == 0


def test_one_run_of_a_bot_at_a_time(business: TestBusiness) -> None:
    answered(business, "hola")
    begin(business, BotSettings())
    with refused("already_replaying"):
        begin(business, BotSettings())


def test_of_two_who_begin_at_once_one_does(business: TestBusiness) -> None:
    answered(business, "hola")
    plan = Plan(BotSettings(), ReplaySource.CONVERSATIONS, 5, None)
    with ThreadPoolExecutor(1) as pool, transaction(Scope(business.business_id, Actor.agent(1))) as session:
        replays.begin(session, business.bot_id, plan)
        other = pool.submit(begin, business, BotSettings())
        wait([other], timeout=0.3)
        session.commit()
        with refused("already_replaying"):
            other.result()


def test_there_must_be_something_to_try(business: TestBusiness) -> None:
    for source in ReplaySource:
        with refused("nothing_to_replay"):
            begin(business, BotSettings(), source=source)


def test_the_run_of_a_version_is_the_one_of_its_settings(business: TestBusiness) -> None:
    answered(business, "hola")
    replay_id = begin(business, BotSettings(name="Luna"))
    done(business)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        number = version_history.save(
            session, business.bot_id, BotSettings(name="Luna"), based_on=1, note="",
        )  # fmt: skip
        found = replays.of_version(session, business.bot_id, number)
        assert found is not None
        assert found.id == replay_id
        assert replays.of_version(session, business.bot_id, 1) is None


def test_only_the_newest_runs_and_those_of_versions_are_kept(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(business, "hola")
    monkeypatch.setattr(replays, "_MAX_REPLAYS", 1)
    _, in_force = _current(business)
    kept = begin(business, in_force)
    done(business)
    for name in ("B", "C"):
        last = begin(business, BotSettings(name=name))
        done(business)
    assert [row.id for row in rows("SELECT id FROM replays ORDER BY id")] == [kept, last]


def _current(business: TestBusiness) -> tuple[int, BotSettings]:
    with transaction(business.business_id) as session:
        return versions.current(session, business.bot_id)


def test_cases_are_kept_with_what_is_expected_and_tried(business: TestBusiness) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        test_cases.add(
            session, business.bot_id, " Envíos ", test_cases.asked("hola\n\n¿envían a Salta?"),
            Expectation(contains=("tres días",), cites=True),
        )  # fmt: skip
    begin(business, BotSettings(), source=ReplaySource.CASES)
    (item,) = done(business).items
    assert (item.name, len(item.said)) == ("Envíos", 2)
    assert item.missed == (FailedExpectation.CONTAINS, FailedExpectation.CITES)


@pytest.mark.parametrize(("name", "question"), [(" ", "hola"), ("x", " \n\n ")])
def test_a_case_needs_a_name_and_a_question(business: TestBusiness, name: str, question: str) -> None:
    with refused("invalid_case"), transaction(Scope(business.business_id, Actor.agent(1))) as session:
        test_cases.add(session, business.bot_id, name, test_cases.asked(question), Expectation())


def test_a_case_belongs_to_a_bot_of_the_business(business: TestBusiness) -> None:
    with transaction(Scope(business.business_id + 1, Actor.agent(1))) as session, pytest.raises(NotFound):
        test_cases.add(session, business.bot_id, "A", test_cases.asked("hola"), Expectation())


def test_a_run_survives_the_loss_of_its_case(business: TestBusiness) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        case_id = test_cases.add(session, business.bot_id, "A", test_cases.asked("hola"), Expectation())
    begin(business, BotSettings(), source=ReplaySource.CASES)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        test_cases.remove(session, case_id)
        test_cases.remove(session, case_id)
    assert len(done(business).items) == 1


def test_a_bot_whose_minute_is_spent_goes_on_in_the_next(
    business: TestBusiness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(business, "¿tienen mesas?")
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(requests_per_minute=1))
        session.execute(update(AIRun).values(model="gpt-6-luna"))
    slept: list[float] = []

    def later(seconds: float) -> None:
        slept.append(seconds)
        one("UPDATE ai_runs SET created_at = now() - interval '2 minutes' RETURNING id")
        rows("UPDATE audit_entries SET created_at = now() - interval '2 minutes' RETURNING id")

    monkeypatch.setattr(time, "sleep", later)
    begin(business, BotSettings(name="Luna"))
    assert done(business).items[0].after is not None
    assert len(slept) == 2


def test_a_run_ends_when_the_bots_money_is_spent(business: TestBusiness, model: ScriptedModel) -> None:
    answered(business, "¿tienen mesas?")
    in_force = BotSettings(usd_per_day=0.01)
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, in_force)
        session.execute(update(AIRun).values(input_tokens=1, cost_usd=Decimal(1)))
    usage.clear_cache()
    begin(business, BotSettings())
    assert done(business).ended == "budget"
    assert model.prompts == []
