"""Queries of the analytics page. Managers see all figures; agents see only their own work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy import select

from console import auth
from console.db import transaction
from core.accounts import users
from core.accounts.sessions import CurrentAgent
from core.accounts.users import Colleague
from core.bots import price_table
from core.messaging.channels.accounts import ChannelName, channel_names
from core.models import Bot
from core.reporting import drill_down as behind_figures
from core.reporting import metrics as counted
from core.reporting.drill_down import CountedConversation, DrillDown
from core.reporting.metrics import Contacts, Figures, MetricFilter

_FRESH_SECONDS = 60


def figures(first: date, last: date, whose: MetricFilter) -> Figures:
    """Return the figures of a period, at most a minute old. Raises `NotAllowed`."""
    agent = auth.require()
    return _figures(agent.business_id, first, last, _allowed(agent, whose))


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=200, show_spinner=False)
def _figures(business_id: int, first: date, last: date, whose: MetricFilter) -> Figures:
    with transaction(business_id) as session:
        return counted.figures(session, first, last, whose)


def contacts() -> Contacts:
    """Return how many customers wrote recently, at most a minute old. Raises `NotAllowed`."""
    return _contacts(auth.require(*auth.MANAGERS).business_id)


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=50, show_spinner=False)
def _contacts(business_id: int) -> Contacts:
    with transaction(business_id) as session:
        return counted.contacts(session)


def behind(
    first: date, last: date, metric: str, label: str | None, whose: MetricFilter, pages: int
) -> Sequence[CountedConversation]:
    """Return the first pages of the conversations behind a figure. Raises `NotAllowed`."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        counted_by = DrillDown(ZoneInfo(agent.timezone), first, last, metric, label, _allowed(agent, whose))
        return behind_figures.conversations(session, counted_by, pages=pages, viewer=agent)


def channels() -> Sequence[ChannelName]:
    """Return the channels to filter by. Raises `NotAllowed`."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        return channel_names(session)


def colleagues() -> Sequence[Colleague]:
    """Return the people to filter by. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return users.colleagues(session)


def plan() -> float | None:
    """Return the plan's monthly revenue in USD, None if not set. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        earned = price_table.read(session).plan_usd
    return None if earned is None else float(earned)


def bot_names() -> dict[str, str]:
    """Return bot names by id."""
    with transaction(auth.require().business_id) as session:
        return {str(bot_id): name for bot_id, name in session.execute(select(Bot.id, Bot.name))}


def _allowed(agent: CurrentAgent, whose: MetricFilter) -> MetricFilter:
    return whose if agent.role in auth.MANAGERS else replace(whose, agent_id=agent.id)
