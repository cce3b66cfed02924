"""Queue monitor page: throughput, durations, backlog, failures and workers."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import streamlit as st

from console import layout
from console.app_pages.monitor import commands, queries
from console.app_pages.monitor.queries import Picture
from console.dates import moment
from console.formatting import DAY, SEPARATORS, duration, number, seconds
from console.i18n import current, t
from core.monitoring.worker_stats import KINDS, LIMITS, TaskStats, Worker
from core.platform.errors import BotHubError

_PERIODS = {"hour": timedelta(hours=1), "half_day": timedelta(hours=12), "day": timedelta(hours=24)}
_COLOURS = {
    "inbound": "#8A9896", "replies": "#8B5CF6", "sending": "#0F9488", "media": "#D97706", "tasks": "#4F7CAC",
}  # fmt: skip
_MEGABYTE = 2**20
_BARS = 60  # of the chart, for every period
state = st.session_state
zone = ZoneInfo(layout.viewer().timezone)


def _quantile(rows: list[TaskStats], share: float) -> float | None:
    """Return the duration quantile in milliseconds."""
    wanted, passed = share * sum(row.count for row in rows), 0.0
    for bucket in range(len(LIMITS) + 1):
        count = sum(row.count for row in rows if row.bucket == bucket)
        if count and passed + count >= wanted:
            low = LIMITS[bucket - 1] if bucket else 0
            high = LIMITS[min(bucket, len(LIMITS) - 1)]
            return low + (high - low) * (wanted - passed) / count
        passed += count
    return None


def _milliseconds(value: float | None) -> str:
    return "—" if value is None else seconds(value)


def _about(value: float | None) -> str:
    """Format an approximate duration."""
    return "—" if value is None else f"≈ {seconds(value)}"


def _kinds(found: Picture, period: timedelta) -> None:
    """Return a row per kind of work."""
    waits = {one.kind: one for one in found.waiting}
    columns: dict[str, list[object]] = defaultdict(list)
    for kind in KINDS:
        rows = [row for row in found.minutes if row.kind == kind]
        count, failed = sum(row.count for row in rows), sum(row.failed for row in rows)
        columns[t("monitor.kind")].append(t(f"monitor.kind_{kind}"))
        columns[t("monitor.per_minute")].append(number(count / (period.total_seconds() / 60), 1))
        columns[t("monitor.mean")].append(
            _milliseconds(1000 * sum(row.seconds for row in rows) / count if count else None)
        )
        columns[t("monitor.p95")].append(_about(_quantile(rows, 0.95)))
        columns[t("monitor.failed")].append(number(failed))
        columns[t("monitor.waiting")].append(number(waits[kind].count))
        columns[t("monitor.oldest")].append(duration(waits[kind].oldest) if waits[kind].count else "—")
    st.dataframe(columns, hide_index=True)


def _chart(found: Picture, period: timedelta, now: datetime) -> None:
    """Draw tasks per minute over the whole period; idle minutes are empty."""
    if not found.minutes:
        st.info(t("monitor.nothing"), icon=":material/speed:")
        return
    chart = go.Figure()
    step = period / _BARS
    for kind in KINDS:
        counts: dict[int, int] = defaultdict(int)
        for row in found.minutes:
            counts[int((row.minute - now + period) / step)] += row.count if row.kind == kind else 0
        chart.add_bar(
            x=[_local(now - period + bar * step) for bar in counts],
            y=[round(count / (step / timedelta(minutes=1)), 2) for count in counts.values()],
            name=t(f"monitor.kind_{kind}"), marker_color=_COLOURS[kind], width=0.85 * step / timedelta(milliseconds=1),
            offset=0,
        )  # fmt: skip
    chart.update_layout(
        barmode="stack", height=260, margin={"l": 0, "r": 0, "t": 8, "b": 0}, hovermode="x unified", bargap=0.1,
        legend={"orientation": "h", "y": -0.15, "yanchor": "top", "x": 0}, separators=SEPARATORS[current()],
        xaxis={"type": "date", "tickformat": "%H:%M", "hoverformat": f"{DAY[current()]}, %H:%M",
               "range": [_local(now - period), _local(now)]},
    )  # fmt: skip
    st.plotly_chart(chart, config={"displayModeBar": False}, key="jobs_chart", alt=t("monitor.chart"))


def _local(at: datetime) -> str:
    """Return a naive time in the business's time zone, which the chart must not shift."""
    return at.astimezone(zone).replace(tzinfo=None).isoformat()


def _workers(workers: list[Worker]) -> None:
    if not workers:
        st.error(t("monitor.no_workers"), icon=":material/error:")
        return
    columns: dict[str, list[object]] = defaultdict(list)
    for one in workers:
        busy = sum(one.busy.values())
        doing = ", ".join(f"{t(f'monitor.kind_{kind}')} {count}" for kind, count in one.busy.items() if count)
        columns[t("monitor.worker")].append(t("monitor.worker_on", number=one.number, host=one.host))
        columns[t("monitor.state")].append(
            t("monitor.lost" if one.lost else "monitor.busy" if busy else "monitor.idle")
        )
        columns[t("monitor.doing")].append(doing or "—")
        columns[t("monitor.slots")].append(f"{busy} / {sum(one.slots.values())}")
        columns[t("monitor.done")].append(number(one.done))
        columns[t("monitor.memory")].append(f"{number(one.memory / _MEGABYTE)} MB")
        columns[t("monitor.uptime")].append(duration((one.seen_at - one.started_at).total_seconds()))
        columns[t("monitor.seen")].append(moment(one.seen_at, zone))
        columns[t("monitor.process")].append(one.pid)
    st.dataframe(columns, hide_index=True)


def _requeue(job_id: str) -> None:
    try:
        commands.requeue(job_id)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")


def _failures(found: Picture) -> None:
    if found.shared:
        st.info(t("monitor.shared"), icon=":material/lock:")
        return
    if found.jobs is None:
        st.warning(t("monitor.no_redis"), icon=":material/cloud_off:")
    for job in found.jobs or []:
        when = "" if job.ended_at is None else moment(job.ended_at, zone)
        with st.expander(f"{t('monitor.job')} · {when}", icon=":material/error:"):
            st.code(job.trace, language=None)
            st.button(t("monitor.requeue"), key=f"requeue_{job.id}", on_click=_requeue, args=(job.id,))
    for one in found.failures:
        with st.expander(f"{t(f'monitor.kind_{one.kind}')} · {moment(one.at, zone)}", icon=":material/error:"):
            st.text(one.error)
            st.code(one.trace, language=None)
    if not (found.jobs or found.failures):
        st.success(t("monitor.no_failures"), icon=":material/check:")


@st.fragment(run_every=5)
def _page() -> None:
    layout.viewer()
    period = _PERIODS[state["monitor_period"]]
    now = datetime.now(zone)
    found = queries.picture(now - period)
    _kinds(found, period)
    st.markdown(f"**{t('monitor.chart')}**")
    _chart(found, period, now)
    st.subheader(t("monitor.workers"))
    _workers(list(found.workers))
    st.subheader(t("monitor.failures"))
    st.caption(t("monitor.failures_lead"))
    _failures(found)


with layout.page():
    st.title(t("nav.monitor"))
    st.segmented_control(
        t("monitor.period"), list(_PERIODS), default="hour", required=True, key="monitor_period",
        format_func=lambda one: t(f"monitor.{one}"), label_visibility="collapsed",
    )  # fmt: skip
    _page()
