"""Analytics page: figures compared with the previous period, with the conversations behind each."""

from __future__ import annotations

import streamlit as st

from console import auth, layout, url_state
from console.app_pages.analytics import behind, charts, period, quality, queries, tiles
from console.i18n import t

agent = layout.viewer()
_PARTS = {
    "overview": charts.overview, "service": charts.service, "delivery": charts.delivery, "quotes": charts.quotes,
    "cost": charts.cost, "quality": quality.draw,
}  # fmt: skip

with layout.page():
    st.title(t("nav.analytics"))
    span = period.choose(agent)
    everybody = span.whose.agent_id is None
    if not everybody:
        st.caption(t("analytics.one_person"))
    earlier = span.before()
    with st.spinner(t("analytics.counting"), show_time=False):
        found = queries.figures(span.first, span.last, span.whose)
        before = queries.figures(earlier.first, earlier.last, earlier.whose)
    if agent.role in auth.MANAGERS and everybody:
        wrote = queries.contacts()
        st.caption(t("analytics.contacts", day=wrote.day, week=wrote.week))
    if not found.rows:
        st.info(t("analytics.empty"), icon=":material/monitoring:")
    else:
        tiles.show(found, before, span, queries.plan() if agent.role in auth.MANAGERS and everybody else None)
        parts = [one for one in _PARTS if everybody or one != "cost"]
        if agent.role not in auth.MANAGERS or not everybody:
            parts.remove("quality")
        url_state.begin("part", parts, "overview")
        part = st.segmented_control(
            t("analytics.part"), parts, required=True, key="part",
            format_func=lambda one: t(f"analytics.part_{one}"), label_visibility="collapsed",
        )  # fmt: skip
        url_state.keep("part", "overview")
        _PARTS[part or "overview"](found, span)
    behind.show()
