"""Trials by users count towards the bot's budget, like answers to customers."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from core.bots import usage, versions
from core.bots.llm.metering import Embedded, metered, note
from core.bots.llm.types import Usage
from core.bots.model_prices import load_prices
from core.bots.settings import BotSettings
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from core.replies import trial_costs
from core.replies.decision import Trace
from tests.conftest import TestBusiness
from tests.support.database import rows
from tests.support.inbound import customer_writes
from tests.support.pending_replies import claim_one, prepare

SPENT = Trace("model", model="gpt-6-luna", usage=Usage(input=900, cached=0, output=100), cost=Decimal("0.00015"))


def tried(business: TestBusiness, trace: Trace) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        trial_costs.record_trial(session, business.bot_id, trace)


def fits(business: TestBusiness, **limits: int) -> bool:
    with transaction(business.business_id) as session:
        return usage.fits(session, business.bot_id, BotSettings(**limits), [])


def test_a_trial_is_recorded_with_its_cost_and_counts_towards_the_budget(business: TestBusiness) -> None:
    tried(business, SPENT)
    ((actor, action, subject, data),) = rows("SELECT actor, action, subject, data FROM audit_entries")
    assert (actor, action, subject) == ("agent:1", "bot.try", f"bot:{business.bot_id}")
    assert json.dumps(data, sort_keys=True) == '{"cost_usd": "0.00015", "model": "gpt-6-luna", "tokens": 1000}'
    assert not fits(business, requests_per_minute=1)
    assert fits(business, requests_per_minute=2)
    assert not fits(business, tokens_per_minute=1500)
    assert fits(business, tokens_per_minute=2000)
    rows("UPDATE audit_entries SET created_at = created_at - interval '2 minutes'")
    assert fits(business, requests_per_minute=1)


def test_a_trial_without_a_model_call_costs_nothing(business: TestBusiness) -> None:
    tried(business, Trace("keyword"))
    assert fits(business, requests_per_minute=1)


@pytest.mark.parametrize("limit", [{"requests_per_minute": 1}, {"tokens_per_minute": 1500}])
def test_a_customer_waits_while_trials_have_spent_the_budget(business: TestBusiness, limit: dict[str, int]) -> None:
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(**limit))
    tried(business, SPENT)
    customer_writes()
    assert prepare(claim_one()) is None
    assert rows("SELECT due_at > now() FROM pending_replies") == [(True,)]


PRICES = load_prices()
LOOKED_UP = Embedded({"text-embedding-3-small": 1_000_000})  # costs 0.02 USD


def test_embedding_a_question_counts_with_its_answer() -> None:
    told = trial_costs.with_lookup(SPENT, LOOKED_UP, PRICES)
    assert (told.usage, told.cost) == (Usage(1_000_900, 0, 100), Decimal("0.02015"))
    asked_nobody = trial_costs.with_lookup(Trace("keyword"), LOOKED_UP, PRICES)
    assert (asked_nobody.usage, asked_nobody.cost) == (Usage(1_000_000, 0, 0), Decimal("0.02"))
    assert trial_costs.with_lookup(SPENT, Embedded(), PRICES) == SPENT


@pytest.mark.parametrize(
    ("trace", "embedded"), [(SPENT, Embedded({"nobody-knows": 5})), (replace(SPENT, cost=None), LOOKED_UP)]
)
def test_an_unknown_price_makes_the_total_unknown(trace: Trace, embedded: Embedded) -> None:
    assert trial_costs.with_lookup(trace, embedded, PRICES).cost is None


@pytest.mark.parametrize("shared", [True, False])
def test_embedding_documents_counts_towards_the_budgets(business: TestBusiness, shared: bool) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        of = None if shared else business.bot_id
        usage.record_embedded(session, of, LOOKED_UP, PRICES)
        usage.record_embedded(session, of, Embedded({"nobody-knows": 5}), PRICES)
        usage.record_embedded(session, of, Embedded(), PRICES)
        spent = usage.money(session, business.bot_id)
    assert (spent.day, spent.month, spent.unknown_day) == (Decimal("0.02"), Decimal("0.02"), 1)
    assert not fits(business, tokens_per_minute=1000)


def test_only_embeddings_by_a_server_inside_the_block_are_recorded() -> None:
    note("m", 1)
    with metered() as heard:
        note("m", 2)
        note("m", 3)
    note("m", 4)
    assert heard == Embedded({"m": 5})
