"""A bot's money budgets for a day and a month."""

from __future__ import annotations

import time
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots import budget, usage, versions
from core.bots.budget import Level, Money
from core.bots.llm.types import Usage
from core.bots.settings import BotSettings, QaPair
from core.monitoring import alerts
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from core.replies import trial_costs
from core.replies.assistant import compose
from core.replies.decision import HandOff, Reply, Trace
from tests.factories import NOW, ai_run, past_conversation
from tests.support.database import rows
from tests.support.inbound import customer_writes
from tests.support.pending_replies import claim_one, prepare

HOURS = QaPair(question="What time do you open?", answer="At nine.", approved=True)


class NeverAsked:
    """A model that must not be called."""

    def answer(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a model was asked")


def money(business) -> Money:
    with transaction(business.business_id) as session:
        return usage.money(session, business.bot_id)


def put_in_force(business, **settings: Any) -> None:
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(**settings))


def cost(business, usd: str | None, ago: timedelta = timedelta(0)) -> None:
    price = None if usd is None else Decimal(usd)
    ai_run(business, past_conversation(business), ago, model="m", input_tokens=10, output_tokens=1, cost_usd=price)


def test_days_and_months_are_those_of_the_business(business, monkeypatch: pytest.MonkeyPatch) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    rows("UPDATE businesses SET timezone = 'Asia/Tokyo'")
    local = NOW.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0)
    cost(business, "1")
    cost(business, "2", NOW - (midnight - timedelta(seconds=1)).astimezone(UTC))
    cost(business, "4", NOW - (midnight.replace(day=1) - timedelta(seconds=1)).astimezone(UTC))
    yesterday_counts = local.day != 1
    assert money(business).day == 1
    assert money(business).month == (3 if yesterday_counts else 1)


def test_trials_count_and_what_has_no_price_is_counted_apart(business) -> None:
    cost(business, "0.5")
    cost(business, None)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        for price in (Decimal("0.25"), None):
            trace = Trace("model", model="m", usage=Usage(1, 0, 1), cost=price)
            trial_costs.record_trial(session, business.bot_id, trace)
    assert money(business) == Money(Decimal("0.75"), Decimal("0.75"), 2, 2)


def test_a_bot_that_cost_nothing_has_spent_nothing(business) -> None:
    ai_run(business, past_conversation(business), timedelta(0), outcome="handoff")
    assert money(business) == Money(Decimal(0), Decimal(0), 0, 0)


@given(
    st.decimals(0, 1000, places=4), st.decimals(0, 1000, places=4), st.none() | st.floats(0.01, 1000),
    st.none() | st.floats(0.01, 1000),
)  # fmt: skip
def test_the_tighter_budget_decides(
    day: Decimal, month: Decimal, per_day: float | None, per_month: float | None
) -> None:
    def level(one: float | None, other: float | None) -> Level:
        return budget.level(BotSettings(usd_per_day=one, usd_per_month=other), Money(day, month, 0, 0))

    order = list(Level)
    both = order.index(level(per_day, per_month))
    assert both == max(order.index(level(per_day, None)), order.index(level(None, per_month)))
    if per_day is not None and day >= Decimal(str(per_day)):
        assert order[both] is Level.REACHED


def test_when_the_money_is_spent_no_model_is_asked(business) -> None:
    put_in_force(business, usd_per_day=1.0, qa_pairs=(HOURS,))
    customer_writes("Do you repair violins?")
    cost(business, "1.0001")
    reply_context = prepare(claim_one())
    assert reply_context is not None
    assert reply_context.request.over_budget
    outcome = compose(reply_context.request, NeverAsked())
    assert isinstance(outcome, HandOff)
    assert outcome.reason == "budget"
    assert outcome.text == BotSettings().apology_message.en


def test_approved_answers_are_still_given(business) -> None:
    put_in_force(business, usd_per_month=1.0, qa_pairs=(HOURS,))
    customer_writes("What time do you open?")
    cost(business, "2")
    reply_context = prepare(claim_one())
    assert reply_context is not None
    outcome = compose(reply_context.request, NeverAsked())
    assert isinstance(outcome, Reply)
    assert outcome.text == "At nine."


def test_money_is_added_up_now_and_then_not_for_every_answer(business, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = BotSettings(usd_per_day=1.0)
    with transaction(business.business_id) as session:
        assert not usage.is_money_spent(session, business.bot_id, BotSettings())
        assert not usage.is_money_spent(session, business.bot_id, limited)
    cost(business, "5")
    with transaction(business.business_id) as session:
        assert not usage.is_money_spent(session, business.bot_id, limited), "known from a moment ago"
        later = time.monotonic() + 60
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert usage.is_money_spent(session, business.bot_id, limited)


@pytest.mark.parametrize(
    ("spent", "kind"), [("0.79", None), ("0.8", "alert_budget_near"), ("1", "alert_budget_reached")]
)
def test_people_are_told_before_and_when_the_money_is_spent(business, spent: str, kind: str | None) -> None:
    put_in_force(business, usd_per_day=1.0)
    cost(business, spent)
    with system_transaction() as session:
        alerts.evaluate(session)
    told = [one for (one,) in rows("SELECT kind FROM notifications")]
    assert told == ([] if kind is None else [kind])


def test_a_bot_without_money_budgets_tells_nothing(business) -> None:
    cost(business, "1000")
    with system_transaction() as session:
        alerts.evaluate(session)
    assert rows("SELECT kind FROM notifications") == []
