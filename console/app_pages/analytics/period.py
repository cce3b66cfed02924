"""Selected period and filters, kept in the URL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, url_state
from console.app_pages.analytics import queries
from console.dates import TYPED
from console.i18n import current, t
from core.accounts.sessions import CurrentAgent
from core.accounts.users import Colleague
from core.messaging.channels.accounts import ChannelName
from core.reporting.metrics import MetricFilter

DAYS = {"today": 1, "week": 7, "month": 30, "quarter": 90}
_LONGEST = 366
state = st.session_state


@dataclass(frozen=True, slots=True)
class Span:
    """Range of days in the business's time zone, both ends included."""

    first: date
    last: date
    whose: MetricFilter

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Span:
        """Return the preceding period of the same length."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.whose)


def choose(agent: CurrentAgent) -> Span:
    """Draw the filter bar and return the selection."""
    today = datetime.now(ZoneInfo(agent.timezone)).date()
    with st.container(horizontal=True, vertical_alignment="bottom", key="analytics_bar"):
        url_state.begin("period", [*DAYS, "custom"], "week")
        period = st.segmented_control(
            t("analytics.period"), [*DAYS, "custom"], required=True, key="period",
            format_func=lambda one: t(f"analytics.{one}"), label_visibility="collapsed",
        )  # fmt: skip
        url_state.keep("period", "week")
        first, last = _dates(str(period), today)
        channel_id = _one("channel_id", queries.channels(), t("analytics.channel"), t("analytics.all_channels"))
        if agent.role in auth.MANAGERS:
            agent_id = _one("person", queries.colleagues(), t("analytics.person"), t("analytics.everybody"))
        else:
            agent_id = agent.id
    return Span(first, last, MetricFilter(channel_id, agent_id))


def _one(key: str, named: Sequence[ChannelName | Colleague], label: str, placeholder: str) -> int | None:
    """Draw a select box. Duplicate names get their id appended, because Streamlit identifies options by label."""
    times = Counter(one.name for one in named)
    names = {str(one.id): one.name if times[one.name] == 1 else f"{one.name} ({one.id})" for one in named}
    url_state.begin(key, list(names), None)
    chosen = st.selectbox(
        label, list(names), index=None, key=key, width=220, format_func=names.__getitem__, placeholder=placeholder,
        label_visibility="collapsed",
    )  # fmt: skip
    url_state.keep(key, None)
    return None if chosen is None else int(chosen)


def _dates(period: str, today: date) -> tuple[date, date]:
    if period != "custom":
        return today - timedelta(days=DAYS[period] - 1), today
    chosen = st.date_input(
        t("analytics.custom"), (today - timedelta(days=13), today), max_value=today, key="dates",
        min_value=today - timedelta(days=3 * _LONGEST), label_visibility="collapsed", width=260,
        format=TYPED[current()],
    )  # fmt: skip
    ends = chosen if isinstance(chosen, tuple) else (chosen,)
    first, last = (ends[0], ends[-1]) if ends else (today, today)
    return max(first, last - timedelta(days=_LONGEST - 1)), last
