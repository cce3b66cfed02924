"""Background task of a replay: try each question with the old and the new settings. Nothing is ever sent.

The cost of a call is written at once, the answers when both are there: a killed replay resumes at the question it was
at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.accounts import business_profile
from core.bots import calibration_store, price_table, usage, versions
from core.bots.llm.configured import model
from core.bots.llm.types import Model
from core.bots.model_prices import PriceTable
from core.bots.settings import BotSettings
from core.catalog.product_index import products_of
from core.evaluation.replay_diff import to_result
from core.evaluation.replays import most_of_a_call
from core.evaluation.test_cases import unpacked
from core.knowledge.retrieval import passages_for, question_in
from core.models import Replay, ReplayItem
from core.platform.db import transaction
from core.replies import context, trial_costs
from core.replies.assistant import compose
from core.replies.decision import ComposeRequest, Outcome
from core.tasks.background_tasks import ClaimedTask

SPEND = "spend"
BUDGET = "budget"
_BUDGET_PAUSE = 2.0  # seconds between checks of the bot's budget


@dataclass(frozen=True, slots=True)
class _Question:
    id: int
    request: ComposeRequest


@dataclass(frozen=True, slots=True)
class _Work:
    """The remaining work of a replay. `most` is the maximum cost of one question in USD, None when unknown."""

    bot_id: int
    before: BotSettings
    after: BotSettings
    spend_limit: Decimal | None
    spent: Decimal
    most: Decimal | None
    total: int
    left: tuple[_Question, ...]


def run(task: ClaimedTask) -> None:
    """Try the remaining questions. Raises `TaskInterrupted` when the task was cancelled."""
    with transaction(task.scope) as session:
        work = _load_work(session, task)
    if work is None:  # newer replays have replaced it
        return
    client = model()
    spent = work.spent
    for number, question in enumerate(work.left):
        task.report_progress(work.total - len(work.left) + number, work.total)
        if client is not None and (why := _end_of_money(task, work, spent)):
            _end(task, why)
            return
        spent += _try(task, work, question, client)
    task.report_progress(work.total, work.total)


def _end_of_money(task: ClaimedTask, work: _Work, spent: Decimal) -> str | None:
    """Return why no further question may be paid for: the replay's limit, or the bot's budget for the day or month."""
    if work.spend_limit is not None and work.most is not None and spent + work.most > work.spend_limit:
        return SPEND
    with transaction(task.scope) as session:
        in_force = versions.current(session, work.bot_id)[1]
        return BUDGET if usage.is_money_spent(session, work.bot_id, in_force) else None


def _try(task: ClaimedTask, work: _Work, question: _Question, asked: Model | None) -> Decimal:
    """Try one question with both settings. Return its cost, in USD."""
    passages = passages_for(task.business_id, work.bot_id, question_in(question.request.turns))
    request = replace(question.request, passages=passages)
    before, cost = _ask(task, work, replace(request, settings=work.before), asked)
    after, more = _ask(task, work, replace(request, settings=work.after), asked)
    with transaction(task.scope) as session:
        task.assert_lease(session)
        session.execute(
            update(ReplayItem)
            .where(ReplayItem.id == question.id)
            .values(before=_to_json(before), after=_to_json(after), done_at=datetime.now(UTC))
        )
    return cost + more


def _ask(task: ClaimedTask, work: _Work, request: ComposeRequest, asked: Model | None) -> tuple[Outcome, Decimal]:
    """Return the outcome and its cost, which is written at once: it is spent even if the answer is lost."""
    _wait_for_budget(task, work, request)
    outcome = _priced(compose(request, asked), request.prices)
    cost = _cost(outcome, work)
    with transaction(task.scope) as session:
        trial_costs.record_trial(session, work.bot_id, outcome.trace)
        session.execute(update(Replay).where(Replay.id == task.subject_id).values(spent=Replay.spent + cost))
    return outcome, cost


def _wait_for_budget(task: ClaimedTask, work: _Work, request: ComposeRequest) -> None:
    """Wait until the bot's budget of a minute allows another call: customers come first."""
    while True:
        with transaction(task.scope) as session:
            in_force = versions.current(session, work.bot_id)[1]
            if usage.fits(session, work.bot_id, in_force, request.turns):
                return
            done = _count_done(session, task.subject_id)
        task.report_progress(done, work.total)
        time.sleep(_BUDGET_PAUSE)


def _priced(outcome: Outcome, table: PriceTable) -> Outcome:
    """Return the outcome at today's price: the question may be older than the table's prices."""
    trace = outcome.trace
    if trace.model is None or trace.usage is None:
        return outcome
    cost = table.cost(trace.model, trace.usage, datetime.now(UTC))
    return replace(outcome, trace=replace(trace, cost=cost))


def _cost(outcome: Outcome, work: _Work) -> Decimal:
    """Return the cost of an answer; the maximum when the server did not report it."""
    trace = outcome.trace
    if trace.cost is not None:
        return trace.cost
    return Decimal() if trace.model is None or work.most is None else work.most / 2


def _to_json(outcome: Outcome) -> dict[str, Any]:
    return to_result(outcome, context.run_columns(outcome.trace)["confidence"]).model_dump(mode="json")


def _load_work(session: Session, task: ClaimedTask) -> _Work | None:
    run = session.get(Replay, task.subject_id)
    if run is None:
        return None
    before = versions.version(session, run.bot_id, run.base_version)
    after = BotSettings.model_validate(run.settings)
    rows = session.scalars(
        select(ReplayItem)
        .where(ReplayItem.replay_id == run.id, ReplayItem.done_at.is_(None))
        .order_by(ReplayItem.position)
    ).all()
    table = price_table.table(task.business_id)
    most = (most_of_a_call(before, table), most_of_a_call(after, table))
    request = ComposeRequest(
        settings=after,
        business=business_profile.read(session),
        turns=(),
        prices=table,
        bot_ref=f"bot-{run.bot_id}",
        contact_ref=f"rehearsal-{run.bot_id}",
        replies_in_a_row=0,
        calibration=calibration_store.of_bot(session, run.bot_id),
        catalogue=products_of(session),
    )
    return _Work(
        bot_id=run.bot_id,
        before=before,
        after=after,
        spend_limit=run.spend_limit,
        spent=run.spent,
        most=None if None in most else sum((price for price in most if price is not None), Decimal()),
        total=len(rows) + _count_done(session, run.id),
        left=tuple(_Question(row.id, _request_for(request, row)) for row in rows),
    )


def _count_done(session: Session, replay_id: int) -> int:
    return session.scalars(
        select(func.count()).where(ReplayItem.replay_id == replay_id, ReplayItem.done_at.is_not(None))
    ).one()


def _request_for(request: ComposeRequest, row: ReplayItem) -> ComposeRequest:
    turns = tuple(unpacked(one) for one in row.turns)
    return replace(request, turns=turns, replies_in_a_row=row.replies_in_a_row)


def _end(task: ClaimedTask, why: str) -> None:
    with transaction(task.scope) as session:
        task.assert_lease(session)
        session.execute(update(Replay).where(Replay.id == task.subject_id).values(ended=why))
