"""The queue monitor: what waits, how fast work goes, what failed, and what each worker does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import redis
import streamlit as st

from console import shell
from console.actions import operations as actions
from console.data import monitor as data
from console.data.monitor import Work
from console.i18n import t
from console.times import moment
from core.errors import BotHubError
from core.health.reports import KINDS

_MINUTES = {"hour": 60, "six_hours": 360, "day": 1440}
_SLOW_SECONDS = 60  # work that waits longer is pointed out
agent = shell.viewer()
zone = ZoneInfo(agent.timezone)


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} min"


@st.fragment(key="monitor", run_every=5)
def _monitor() -> None:
    shell.viewer()
    minutes = _MINUTES[st.session_state.get("monitor_period", "hour")]
    now = data.work(minutes)
    _figures(now)
    st.segmented_control(
        t("monitor.period"), list(_MINUTES), default="hour", required=True, key="monitor_period",
        format_func=lambda one: t(f"monitor.{one}"),
    )  # fmt: skip
    _chart(now, minutes)
    _kinds(now)
    _workers(now)
    _failures(now)


def _figures(now: Work) -> None:
    alive = [one for one in now.workers if not one.lost]
    last = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    oldest = max((one.oldest_seconds for one in now.waiting.values()), default=0.0)
    with st.container(horizontal=True, key="monitor_figures"):
        st.metric(t("monitor.last_minute"), sum(one.by_minute.get(last, 0) for one in now.paces.values()), border=True)
        st.metric(t("monitor.waiting"), sum(one.number for one in now.waiting.values()), border=True)
        st.metric(t("monitor.oldest"), _seconds(oldest), border=True)
        st.metric(t("monitor.failed"), sum(one.total.failed for one in now.paces.values()), border=True)
        st.metric(t("monitor.workers"), len(alive), border=True)
        busy, slots = sum(one.state.busy for one in alive), sum(one.state.slots for one in alive)
        st.metric(t("monitor.busy"), f"{busy} / {slots}", border=True)
    if not alive:
        st.error(t("monitor.no_workers"), icon=":material/error:")
    elif oldest > _SLOW_SECONDS:
        st.warning(t("monitor.slow", wait=_seconds(oldest)), icon=":material/hourglass_top:")


def _chart(now: Work, minutes: int) -> None:
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    times = [end - timedelta(minutes=ago) for ago in range(minutes - 1, -1, -1)]
    figure = go.Figure(
        [
            go.Bar(
                name=t(f"monitor.kind_{kind}"), x=[at.astimezone(zone) for at in times],
                y=[pace.by_minute.get(at, 0) for at in times],
            )
            for kind, pace in now.paces.items()
        ]
    )  # fmt: skip
    figure.update_layout(
        barmode="stack", height=260, margin={"l": 0, "r": 0, "t": 8, "b": 0}, legend={"orientation": "h", "y": -0.2},
        yaxis={"title": t("monitor.per_minute"), "rangemode": "tozero"}, uirevision="monitor",
    )  # fmt: skip
    st.plotly_chart(figure, theme="streamlit", key="monitor_chart", config={"displayModeBar": False})


def _kinds(now: Work) -> None:
    paces = [now.paces[kind] for kind in KINDS]
    waits = [now.waiting[kind] for kind in KINDS]
    st.dataframe(
        {
            t("monitor.kind"): [t(f"monitor.kind_{kind}") for kind in KINDS],
            t("monitor.waiting"): [one.number for one in waits],
            t("monitor.oldest"): [_seconds(one.oldest_seconds) if one.number else "–" for one in waits],
            t("monitor.done"): [one.total.count for one in paces],
            t("monitor.failed"): [one.total.failed for one in paces],
            t("monitor.mean"): [_seconds(one.mean_seconds) for one in paces],
            t("monitor.p95"): [_seconds(one.p95_seconds) for one in paces],
        },
        hide_index=True, height="content", key="monitor_kinds",
    )  # fmt: skip


def _workers(now: Work) -> None:
    st.subheader(t("monitor.workers"))
    if not now.workers:
        return
    st.dataframe(
        {
            t("monitor.worker"): [f"{one.state.host} · {one.state.pid}" for one in now.workers],
            t("monitor.state"): [
                t("monitor.lost") if one.lost else t("monitor.working") if one.state.busy else t("monitor.idle")
                for one in now.workers
            ],
            t("monitor.doing"): [one.state.doing or "–" for one in now.workers],
            t("monitor.busy"): [f"{one.state.busy} / {one.state.slots}" for one in now.workers],
            t("monitor.memory"): [f"{one.state.rss_bytes / 2**20:.0f} MB" for one in now.workers],
            t("monitor.done"): [one.state.done for one in now.workers],
            t("monitor.failed"): [one.state.failed for one in now.workers],
            t("monitor.since"): [moment(one.state.started_at, zone) for one in now.workers],
            t("monitor.seen"): [moment(one.seen_at, zone) for one in now.workers],
        },
        hide_index=True, height="content", key="monitor_workers",
    )  # fmt: skip


def _failures(now: Work) -> None:
    st.subheader(t("monitor.failures"))
    if now.failed_jobs is None:
        st.warning(t("monitor.no_redis"), icon=":material/cloud_off:")
    broken = [one for one in now.workers if one.state.failure]
    if not broken and not now.failed_jobs:
        st.caption(t("monitor.no_failures"))
    for one in broken:
        with st.expander(f"{one.state.host} · {one.state.pid}", icon=":material/bug_report:", key=f"f_{one.state.id}"):
            st.caption(t("monitor.retried"))
            st.code(one.state.failure if now.tracebacks else t("monitor.hidden"), language=None)
    for job in now.failed_jobs or ():
        when = moment(job.ended_at, zone) if job.ended_at else ""
        with st.expander(f"{t('monitor.job')} · {when}", icon=":material/error:", key=f"job_{job.id}"):
            st.code(job.traceback if now.tracebacks else t("monitor.hidden"), language=None)
            st.button(t("monitor.requeue"), key=f"requeue_{job.id}", on_click=_requeue, args=(job.id,))


def _requeue(job_id: str) -> None:
    try:
        done = actions.requeue_job(job_id)
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    except redis.RedisError:
        st.toast(t("monitor.no_redis"), icon=":material/cloud_off:")
    else:
        st.toast(t("monitor.requeued" if done else "monitor.gone"), icon=":material/info:")


with st.container(key="page_wide", gap="medium"):
    st.title(t("nav.monitor"))
    st.caption(t("monitor.lead"))
    _monitor()
