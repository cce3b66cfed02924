"""The analytics page's part on the quality of the bot's answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from console.app_pages.analytics import quality_queries, queries
from core.bots import versions
from core.evaluation import hourly_run
from core.models import Role
from core.platform.db import transaction
from tests.conftest import TestBusiness
from tests.factories import NOW, ai_run, message, past_conversation
from tests.integration.console.test_analytics_page import at
from tests.support.database import rows

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    for cached in (queries._figures, queries._contacts, quality_queries._quality, quality_queries._reliability):
        cached.clear()


def answered(business: TestBusiness, score: int | None, cost: str | None, times: int = 1) -> None:
    """A conversation with answers of the bot's, and the customer's score for it."""
    held = past_conversation(business, csat=score)
    message(held, "Hello?", at=NOW - DAY)
    price = None if cost is None else Decimal(cost)
    trace = {"topics": ["Shipping"], "sources": ["facts"], "passages": []}
    for _ in range(times):
        ai_run(business, held, DAY, confidence=0.9, input_tokens=10, output_tokens=1, cost_usd=price, trace=trace)


def shown(business: TestBusiness, monkeypatch: pytest.MonkeyPatch):
    hourly_run.learn(business.business_id, business.bot_id)
    desk = at(business, monkeypatch, part="quality")
    return desk, {metric.label: metric.value for metric in desk.page.metric}


def test_figures_charts_and_the_conversations_behind_them(business, monkeypatch) -> None:
    for score in (1, 5):
        answered(business, score, "0.02", times=30)
    past_conversation(business, ended=8 * DAY)
    desk, tiles = shown(business, monkeypatch)
    assert tiles["Good answers"] == "50%"
    assert tiles["Durable resolution"] == "100%"
    assert tiles["AI per conversation"] == "0.60 USD"
    assert tiles["AI per resolution"] == "—"
    assert len(desk.page.get("plotly_chart")) == 5, "no answer was handed over"
    assert any("Calibrated from 60" in one.value for one in desk.page.caption)
    found = [table.value for table in desk.page.dataframe]
    assert any("Rated 4 or 5" in list(table.iloc[:, 0]) for table in found)


def test_what_has_no_price_is_not_free(business, monkeypatch) -> None:
    answered(business, None, None)
    desk, tiles = shown(business, monkeypatch)
    assert tiles["AI per conversation"] == "unknown"
    assert any("Model calls without a known price: 1" in one.value for one in desk.page.caption)


def test_a_part_of_the_cost_is_told_as_the_least(business, monkeypatch) -> None:
    answered(business, None, None)
    answered(business, None, "0.10")
    _, tiles = shown(business, monkeypatch)
    assert tiles["AI per conversation"] == "≥ 0.05 USD"


def test_budgets_say_how_much_is_spent_and_what_cannot_be_added_up(business, monkeypatch) -> None:
    with transaction(business.business_id) as session:
        _, settings = versions.current(session, business.bot_id)
        limited = settings.model_copy(update={"usd_per_month": 100.0})
        versions.save(session, business.bot_id, limited)
    answered(business, None, None)
    answered(business, None, "90")
    rows("UPDATE ai_runs SET created_at = now()")
    desk, _ = shown(business, monkeypatch)
    assert any("90.00 USD of 100.00 USD · calls of unknown price: 1" in one.value for one in desk.page.text)


@pytest.mark.parametrize(("role", "there"), [(Role.MANAGER, True), (Role.AGENT, False)])
def test_it_is_for_managers(business, monkeypatch, role: Role, there: bool) -> None:
    held = past_conversation(business, assignee_id=None)
    message(held, "Hello?", at=NOW - DAY)
    desk = at(business, monkeypatch, role)
    parts = [list(one.options) for one in desk.page.segmented_control if one.key == "part"]
    assert any("AI quality" in options for options in parts) is there
