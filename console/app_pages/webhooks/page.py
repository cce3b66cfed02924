"""Webhook log page: received requests, their outcome and bodies."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.dead_letters import queries
from console.app_pages.webhooks import body_view
from console.dates import moment
from console.formatting import size
from console.i18n import t
from console.markdown import plain
from core.channels.registry import PROVIDERS
from core.messaging.inbound.webhook_log import OUTCOMES, Posted

_PAGE = 50
_PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_ICONS = {"waiting": "⏳", "dead": "✕", "done": "✓"}
state = st.session_state
agent = layout.viewer()
zone = ZoneInfo(agent.timezone)


def _filters() -> tuple[str | None, str | None, datetime]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        period = st.segmented_control(
            t("events.period"), list(_PERIODS), default="day", required=True, key="events_period",
            format_func=lambda one: t(f"events.{one}"),
        )  # fmt: skip
        sources = [source for provider in PROVIDERS.values() for source in provider.sources]
        source = st.selectbox(
            t("events.source"), sources, index=None, key="events_source", width=230, placeholder=t("events.all"),
            format_func=lambda one: t(f"source.{one}"),
        )  # fmt: skip
        outcome = st.selectbox(
            t("events.outcome"), OUTCOMES, index=None, key="events_outcome", width=200, placeholder=t("events.all"),
            format_func=lambda one: t(f"events.{one}"),
        )  # fmt: skip
    return source, outcome, datetime.now(zone) - _PERIODS[period]


def _outcome(one: Posted) -> str:
    return "waiting" if one.processed_at is None else "dead" if one.dead else "done"


def _chosen(found: list[Posted]) -> None:
    if rows := state["events_table"].selection.rows:
        state["event"] = found[rows[0]].id


def _places() -> list[int]:
    """Return the start of each visited page; reset when the filter changes."""
    chosen = tuple(state.get(f"events_{name}") for name in ("period", "source", "outcome"))
    if state.get("_events_chosen") != chosen:
        state["_events_chosen"], state["events_places"] = chosen, []
    places: list[int] = state["events_places"]
    return places


def _newer(places: list[int]) -> None:
    places.pop()


def _list(source: str | None, outcome: str | None, since: datetime) -> None:
    places = _places()
    found = list(queries.posted(source, outcome, since, places[-1] if places else None, _PAGE + 1))
    shown = found[:_PAGE]
    if not shown:
        st.info(t("events.none"), icon=":material/webhook:")
        return
    st.dataframe(
        {
            t("events.when"): [moment(one.received_at, zone, seconds=True) for one in shown],
            t("events.source"): [t(f"source.{one.source}") for one in shown],
            t("events.outcome"): [f"{_ICONS[_outcome(one)]} {t(f'events.{_outcome(one)}')}" for one in shown],
            t("events.messages"): [one.messages for one in shown],
            t("events.dead_items"): [one.dead for one in shown],
            t("events.bytes"): [size(one.size) for one in shown],
        },
        hide_index=True, height="content", key="events_table", selection_mode="single-row",
        on_select=lambda: _chosen(shown),
    )  # fmt: skip
    st.caption(t("events.choose"))
    with st.container(horizontal=True):
        st.button(
            t("events.newer"), disabled=not places, on_click=_newer, args=(places,), icon=":material/chevron_left:"
        )
        st.button(
            t("events.older"), disabled=len(found) <= _PAGE, on_click=places.append, args=(shown[-1].id,),
            icon=":material/chevron_right:",
        )  # fmt: skip


def _drawer(event_id: int) -> None:
    body = queries.body(event_id)
    st.caption(plain(f"#{event_id} · {body.content_type}"))
    body_view.show_body(body.content_type, body.query, body.body)


with layout.page():
    st.title(t("nav.webhooks"))
    st.caption(t("events.lead"))
    if queries.log_may_be_shown():
        _list(*_filters())
    else:
        st.warning(t("events.several"), icon=":material/lock:")
    if (event_id := state.pop("event", None)) is not None:
        st.dialog(t("events.posted"), position="right", width="large", icon=":material/webhook:")(_drawer)(event_id)
