"""Drawer that lists the conversations behind a figure, with links to them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.analytics import queries
from console.app_pages.analytics.period import Span
from console.dates import moment
from console.formatting import duration
from console.i18n import t
from core.reporting.drill_down import PAGE

state = st.session_state


def ask(span: Span, metric: str, label: str | None, title: str) -> None:
    """Open the drawer at the next run."""
    state["behind"], state["behind_pages"] = (span, metric, label, title), 1


def show() -> None:
    """Draw the drawer if it is open."""
    if asked := state.pop("behind", None):
        st.dialog(asked[3], position="right", width="large", icon=":material/forum:")(_drawer)(*asked[:3])


def _drawer(span: Span, metric: str, label: str | None) -> None:
    zone = ZoneInfo(layout.viewer().timezone)
    found = queries.behind(span.first, span.last, metric, label, span.whose, state.get("behind_pages", 1))
    if not found:
        st.info(t("analytics.behind_none"), icon=":material/forum:")
        return
    took = [one.seconds for one in found if one.seconds is not None]
    if took:
        st.caption(t("analytics.slowest_first"))
    st.dataframe(
        {
            "link": [f"/?c={one.id}" for one in found],
            t("analytics.customer"): [one.name or f"#{one.id}" for one in found],
            **({t("analytics.took"): [duration(one) for one in took]} if took else {}),
            t("analytics.status"): [t(f"inbox.status_{one.status}") for one in found],
            t("analytics.last"): [one.text for one in found],
            t("analytics.when"): [moment(one.last_message_at, zone) for one in found],
        },
        column_config={
            "link": st.column_config.LinkColumn(
                t("analytics.open"), display_text=":material/open_in_new:", width="small"
            )
        },
        hide_index=True,
        height="content",
    )
    if len(found) == state["behind_pages"] * PAGE:
        st.button(t("analytics.more"), on_click=_more)


def _more() -> None:
    state["behind_pages"] += 1
