"""Health: what is wrong now, since when and what to do, and what was."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import shell
from console.data import health as data
from console.i18n import t
from console.times import moment

agent = shell.viewer()
zone = ZoneInfo(agent.timezone)


@st.fragment(key="health", run_every=30)
def _alerts() -> None:
    shell.viewer()
    now, past = data.alerts_now()
    if not now:
        st.success(t("health.fine"), icon=":material/check_circle:")
    for alert in now:
        with st.container(border=True, key=f"alert_{alert.id}"):
            st.badge(
                t(f"health.severity_{alert.severity}"), color="red" if alert.severity == "high" else "orange",
                icon=":material/warning:",
            )  # fmt: skip
            st.text(f"{t(f'health.kind_{alert.kind}')} · {alert.subject}")
            st.text(t(f"health.do_{alert.kind}"))
            st.caption(t("health.since", when=moment(alert.opened_at, zone)))
    if past:
        st.subheader(t("health.past"))
        st.dataframe(
            {
                t("health.what"): [t(f"health.kind_{one.kind}") for one in past],
                t("health.subject"): [one.subject for one in past],
                t("health.from"): [moment(one.opened_at, zone) for one in past],
                t("health.until"): [moment(one.cleared_at, zone) if one.cleared_at else "" for one in past],
            },
            hide_index=True, height="content",
        )  # fmt: skip


with st.container(key="page", gap="medium"):
    st.title(t("nav.health"))
    st.caption(t("health.lead"))
    _alerts()
