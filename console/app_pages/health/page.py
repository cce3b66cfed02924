"""Health page: components, channels, open alerts with advice, resolved alerts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.channels import queries as channels_queries
from console.app_pages.health import queries as health_queries
from console.dates import moment
from console.formatting import Colour, duration, number, percent, seconds
from console.i18n import t
from core.monitoring.probes import Finding

agent = layout.viewer()
zone = ZoneInfo(agent.timezone)


def _light(name: str, detail: str, *, well: bool | None) -> None:
    """Draw a component with its state."""
    grade = "unknown" if well is None else "well" if well else "too_few"
    colour, word = _GRADES[grade]
    with st.container(border=True, gap="xsmall"):
        st.text(name)
        st.badge(t(f"health.{word}"), color=colour)
        st.caption(detail)


_GRADES: dict[str, tuple[Colour, str]] = {
    "unknown": ("gray", "unknown"),
    "none": ("gray", "none_came"),
    "well": ("green", "works"),
    "few": ("orange", "some_fail"),
    "too_few": ("red", "fails"),
}


def _webhooks() -> None:
    """Draw the share of webhooks of the last five minutes that were answered with success."""
    found = health_queries.webhooks_lately()
    colour, word = _GRADES[found.grade if found else "unknown"]
    if found is None or found.share is None:
        words = t("health.webhooks_none")
    else:
        words = t(
            "health.webhooks_share", share=percent(found.share, exact=found.grade == "few"), count=number(found.all),
            refused=number(found.refused), failed=number(found.failed),
        )  # fmt: skip
    with st.container(border=True, gap="xsmall"):
        st.text(t("health.part_webhooks"))
        st.badge(t(f"health.{word}"), color=colour)
        st.caption(words)


def _figure(part: Finding) -> str:
    """Return a figure in the viewer's format. Versions are not numbers."""
    return number(float(part.figure), 1) if part.name == "disk" and part.figure else part.figure


def _glance() -> None:
    st.subheader(t("health.parts"), anchor=False)
    with st.container(key="tiles"):
        for part in health_queries.parts():
            words = t(f"health.{'well' if part.well else 'bad'}_{part.name}", figure=_figure(part))
            _light(t(f"health.part_{part.name}"), words, well=part.well)
        _webhooks()
    found = channels_queries.cards()
    if not found:
        return
    st.subheader(t("health.channels"), anchor=False)
    with st.container(key="lights"):
        for one in found:
            well = one.answer.well if one.answer and one.state != "disabled" else None
            facts = [t(f"channels.state_{one.state}")]
            if one.answer and one.state != "disabled":
                facts.append(seconds(one.answer.latency))
            facts.append(
                t("channels.waiting_now", count=one.waiting, oldest=duration(one.oldest_seconds))
                if one.waiting
                else t("health.nothing_waits")
            )
            _light(one.name, " · ".join(facts), well=well)


@st.fragment(key="health", run_every=30)
def _alerts() -> None:
    layout.viewer()
    _glance()
    st.subheader(t("health.now"), anchor=False)
    now, past = health_queries.alerts_now()
    if not now:
        st.success(t("health.fine"), icon=":material/check_circle:")
    for alert in now:
        with st.container(border=True, key=f"alert_{alert.id}"):
            st.badge(
                t(f"health.severity_{alert.severity}"), color="red" if alert.severity == "high" else "orange",
                icon=":material/warning:",
            )  # fmt: skip
            st.text(f"{t(f'health.kind_{alert.kind}')} · {layout.alert_subject(alert.subject)}")
            st.text(t(f"health.do_{alert.kind}"))
            st.caption(t("health.since", when=moment(alert.opened_at, zone)))
    if past:
        st.subheader(t("health.past"))
        st.dataframe(
            {
                t("health.what"): [t(f"health.kind_{one.kind}") for one in past],
                t("health.subject"): [layout.alert_subject(one.subject) for one in past],
                t("health.from"): [moment(one.opened_at, zone) for one in past],
                t("health.until"): [moment(one.cleared_at, zone) if one.cleared_at else "" for one in past],
            },
            hide_index=True, height="content",
        )  # fmt: skip


with layout.page():
    st.title(t("nav.health"))
    st.caption(t("health.lead"))
    _alerts()
