"""Queries of the AI quality part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth
from console.db import transaction
from core.bots import budget, usage, version_history
from core.bots import versions as settings_of_bots
from core.bots.budget import Level, Money
from core.bots.version_history import BotOverview
from core.evaluation import calibration_fit
from core.evaluation.calibration_fit import Reliability
from core.reporting import bot_quality as measuring
from core.reporting.bot_quality import Quality
from core.reporting.metrics import MetricFilter

_FRESH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Budget:
    """A bot's budget in USD, its spending, and how close the two are."""

    name: str
    per_day: float | None
    per_month: float | None
    money: Money
    level: Level


def quality(first: date, last: date, whose: MetricFilter) -> Quality:
    """Return answer outcomes in a period, at most a minute old. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    return _quality(agent.business_id, agent.timezone, first, last, whose.channel_id)


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=100, show_spinner=False)
def _quality(business_id: int, zone: str, first: date, last: date, channel_id: int | None) -> Quality:
    with transaction(business_id) as session:
        return measuring.quality(session, ZoneInfo(zone), first, last, channel_id)


def bots() -> Sequence[BotOverview]:
    """Return all bots. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return version_history.overview(session)


def reliability(bot_id: int) -> Reliability:
    """Return claimed confidence against observed outcome, at most a minute old. Raises `NotAllowed`."""
    return _reliability(auth.require(*auth.MANAGERS).business_id, bot_id)


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=100, show_spinner=False)
def _reliability(business_id: int, bot_id: int) -> Reliability:
    with transaction(business_id) as session:
        return calibration_fit.reliability(session, bot_id)


def budgets() -> Sequence[Budget]:
    """Return the bots that have a budget. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        found = []
        for one in version_history.overview(session):
            _, settings = settings_of_bots.current(session, one.id)
            if usage.has_money_budget(settings):
                spent = usage.money(session, one.id)
                level = budget.level(settings, spent)
                found.append(Budget(one.name, settings.usd_per_day, settings.usd_per_month, spent, level))
        return found
