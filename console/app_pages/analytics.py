"""Analytics: what happened on the desk, against the time before, with the conversations behind every figure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import address, shell
from console.analytics import behind, charts, period, tiles
from console.data import analytics as data
from console.i18n import t

agent = shell.viewer()
_PARTS = {
    "overview": charts.overview,
    "service": charts.service,
    "delivery": charts.delivery,
    "cost": charts.cost,
}

with st.container(key="page_wide", gap="small"):
    st.title(t("nav.analytics"))
    span = period.choose(ZoneInfo(agent.timezone))
    earlier = span.before()
    with st.spinner(t("analytics.counting"), show_time=False):
        found = data.figures(span.first, span.last, span.channel_id)
        before = data.figures(earlier.first, earlier.last, earlier.channel_id)
    if not found.rows:
        st.info(t("analytics.empty"), icon=":material/monitoring:")
    else:
        tiles.show(found, before, span)
        address.begin("part", list(_PARTS), "overview")
        part = st.segmented_control(
            t("analytics.part"), list(_PARTS), required=True, key="part",
            format_func=lambda one: t(f"analytics.part_{one}"), label_visibility="collapsed",
        )  # fmt: skip
        address.keep("part", "overview")
        _PARTS[part](found, span)
    behind.show()
