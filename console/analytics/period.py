"""The span of days that is looked at, kept in the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from console import address
from console.data import analytics as data
from console.i18n import t

DAYS = {"today": 1, "week": 7, "month": 30, "quarter": 90}
_LONGEST = 366
state = st.session_state


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the business's time zone, both ends included."""

    first: date
    last: date
    channel_id: int | None

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Span:
        """As many days, just before."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.channel_id)


def choose(zone: ZoneInfo) -> Span:
    """Draw the bar, and give what is chosen."""
    today = datetime.now(zone).date()
    with st.container(horizontal=True, vertical_alignment="bottom", key="analytics_bar"):
        address.begin("period", [*DAYS, "custom"], "week")
        period = st.segmented_control(
            t("analytics.period"), [*DAYS, "custom"], required=True, key="period",
            format_func=lambda one: t(f"analytics.{one}"), label_visibility="collapsed",
        )  # fmt: skip
        address.keep("period", "week")
        first, last = _dates(str(period), today)
        names = {str(one.id): one.name for one in data.channels()}
        address.begin("channel_id", list(names), None)
        channel_id = st.selectbox(
            t("analytics.channel"), list(names), index=None, key="channel_id", width=220, format_func=names.__getitem__,
            placeholder=t("analytics.all_channels"), label_visibility="collapsed",
        )  # fmt: skip
        address.keep("channel_id", None)
    return Span(first, last, None if channel_id is None else int(channel_id))


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
