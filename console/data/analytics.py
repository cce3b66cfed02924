"""What the analytics page reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth
from core.analytics import behind as behind_figures
from core.analytics import figures as counted
from core.analytics.behind import Behind
from core.analytics.figures import Figures
from core.business.channels import ChannelName, channel_names
from core.db import transaction

_FRESH_SECONDS = 60


def figures(first: date, last: date, channel_id: int | None) -> Figures:
    """What was counted in a span of days, at most a minute old. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    return _figures(agent.business_id, first, last, channel_id)


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=200, show_spinner=False)
def _figures(business_id: int, first: date, last: date, channel_id: int | None) -> Figures:
    with transaction(business_id) as session:
        return counted.figures(session, business_id, first, last, channel_id)


def behind(
    first: date, last: date, metric: str, label: str | None, channel_id: int | None, before_id: int | None
) -> Sequence[Behind]:
    """The conversations behind a figure. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return behind_figures.behind(
            session, ZoneInfo(agent.timezone), first, last, metric, label, channel_id=channel_id, before_id=before_id
        )


def channels() -> Sequence[ChannelName]:
    """The channels figures can be had for. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return channel_names(session)
