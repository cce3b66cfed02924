"""The span of days that is looked at, kept in the page's address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth
from console.data import analytics as data
from console.i18n import t
from core.analytics.figures import Whose
from core.business.channels import ChannelName
from core.people.agents import Colleague
from core.people.sessions import CurrentAgent

DAYS = {"today": 1, "week": 7, "month": 30, "quarter": 90}
_LONGEST = 366
state = st.session_state


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the business's time zone, both ends included."""

    first: date
    last: date
    whose: Whose

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Span:
        """As many days, just before."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.whose)


def choose(agent: CurrentAgent) -> Span:
    """Draw the bar, and give what is chosen."""
    today = datetime.now(ZoneInfo(agent.timezone)).date()
    with st.container(horizontal=True, vertical_alignment="bottom", key="analytics_bar"):
        period = st.segmented_control(
            t("analytics.period"), [*DAYS, "custom"], default="week", required=True, key="period",
            bind="query-params", format_func=lambda one: t(f"analytics.{one}"), label_visibility="collapsed",
        )  # fmt: skip
        first, last = _dates(str(period), today)
        names = distinct(data.channels())
        channel_id = st.selectbox(
            t("analytics.channel"), list(names), index=None, key="channel", bind="query-params", width=220,
            format_func=names.__getitem__, placeholder=t("analytics.all_channels"), label_visibility="collapsed",
        )  # fmt: skip
        agent_id = _person() if agent.role in auth.MANAGERS else agent.id
    return Span(first, last, Whose(channel_id, agent_id))


def distinct(named: Sequence[ChannelName | Colleague]) -> dict[int, str]:
    """Names by id. A name that two have is told with the id, as the choice and the address hold the words."""
    times = Counter(one.name for one in named)
    return {one.id: one.name if times[one.name] == 1 else f"{one.name} ({one.id})" for one in named}


def _person() -> int | None:
    names = distinct(data.colleagues())
    return st.selectbox(
        t("analytics.person"), list(names), index=None, key="person", bind="query-params", width=220,
        format_func=names.__getitem__, placeholder=t("analytics.everybody"), label_visibility="collapsed",
    )  # fmt: skip


def _dates(period: str, today: date) -> tuple[date, date]:
    if period != "custom":
        return today - timedelta(days=DAYS[period] - 1), today
    chosen = st.date_input(
        t("analytics.custom"), (today - timedelta(days=13), today), max_value=today, key="dates",
        min_value=today - timedelta(days=3 * _LONGEST), label_visibility="collapsed", width=260,
    )  # fmt: skip
    ends = chosen if isinstance(chosen, tuple) else (chosen,)
    first, last = (ends[0], ends[-1]) if ends else (today, today)
    return max(first, last - timedelta(days=_LONGEST - 1)), last
