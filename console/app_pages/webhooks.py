"""The webhook log: what providers posted, what became of it, and the body itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from console import shell
from console.actions import operations as actions
from console.components import raw
from console.data import operations as data
from console.i18n import t
from console.times import moment
from core.errors import BotHubError
from core.inbox.log import EventSource, LoggedEvent, State
from core.inbox.raw import legible, legible_query

_PAGE = 50
_PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "all": None}
state = st.session_state
agent = shell.viewer()
zone = ZoneInfo(agent.timezone)


def _filters() -> tuple[EventSource | None, State | None, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        period = st.segmented_control(
            t("hooks.period"), list(_PERIODS), default="day", required=True, key="hooks_period",
            format_func=lambda one: t(f"hooks.{one}"),
        )  # fmt: skip
        source = st.selectbox(
            t("hooks.source"), list(EventSource), index=None, key="hooks_source", width=240,
            placeholder=t("hooks.any"), format_func=lambda one: t(f"hooks.source_{one}"),
        )  # fmt: skip
        outcome = st.selectbox(
            t("hooks.state"), list(State), index=None, key="hooks_state", width=240, placeholder=t("hooks.any"),
            format_func=lambda one: t(f"hooks.state_{one}"),
        )  # fmt: skip
        st.button(t("hooks.refresh"), icon=":material/refresh:")
    return source, outcome, period


def _contents(event: LoggedEvent) -> str:
    return ", ".join(f"{number} × {t(f'hooks.item_{kind}')}" for kind, number in event.contents.items()) or "–"


def _older(last_id: int) -> None:
    state["hooks_places"] = [*state.get("hooks_places", []), last_id]


def _newer() -> None:
    state["hooks_places"] = state.get("hooks_places", [])[:-1]


def _replay(event_id: int) -> None:
    try:
        actions.replay_event(event_id)
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
        return
    st.toast(t("hooks.replayed"), icon=":material/check:")


def _table(shown: list[LoggedEvent]) -> LoggedEvent | None:
    chosen = st.dataframe(
        {
            t("hooks.number"): [one.id for one in shown],
            t("hooks.when"): [moment(one.received_at, zone) for one in shown],
            t("hooks.source"): [t(f"hooks.source_{one.source}") for one in shown],
            t("hooks.state"): [t(f"hooks.state_{one.state}") for one in shown],
            t("hooks.contents"): [_contents(one) for one in shown],
            t("hooks.dead"): [one.dead for one in shown],
            t("hooks.size"): [one.size for one in shown],
        },
        hide_index=True, on_select="rerun", selection_mode="single-row", height=420,
        key=f"hooks_table_{shown[0].id}_{shown[-1].id}",
    )  # fmt: skip
    lines = chosen["selection"]["rows"]
    return shown[lines[0]] if lines and lines[0] < len(shown) else None


def _event(event: LoggedEvent) -> None:
    with st.container(border=True, key="hooks_event"):
        st.subheader(t("dead.event", number=event.id))
        st.text(f"{t(f'hooks.state_{event.state}')} · {_contents(event)}")
        for letter in data.letters(event_id=event.id, replayed=None):
            st.text(f"{t(f'dead.outcome_{letter.outcome}')}: {letter.reason}")
        with st.popover(t("hooks.replay"), icon=":material/replay:"):
            st.text(t("hooks.replay_lead"))
            st.button(t("hooks.replay_sure"), key=f"replay_{event.id}", type="primary", on_click=_replay,
                      args=(event.id,))  # fmt: skip
        body = data.raw_body(event.id)
        if body.query:
            st.code(legible_query(body.query), language=None)
        raw.show(legible(body.body, body.content_type))


def _log() -> None:
    source, outcome, period = _filters()
    if state.get("_hooks_chosen") != (source, outcome, period):
        state["_hooks_chosen"], state["hooks_places"] = (source, outcome, period), []
    places = state.get("hooks_places", [])
    length = _PERIODS[period]
    since = datetime.now(zone) - length if length else None
    found = data.events(source, outcome, since, places[-1] if places else None, _PAGE + 1)
    if not found:
        st.info(t("hooks.empty"), icon=":material/webhook:")
        return
    shown = list(found[:_PAGE])
    chosen = _table(shown)
    with st.container(horizontal=True):
        st.button(t("hooks.newer"), disabled=not places, on_click=_newer, icon=":material/chevron_left:")
        st.button(
            t("hooks.older"), disabled=len(found) <= _PAGE, on_click=_older, args=(shown[-1].id,),
            icon=":material/chevron_right:",
        )  # fmt: skip
    if chosen:
        _event(chosen)


with st.container(key="page_wide", gap="medium"):
    st.title(t("nav.webhooks"))
    st.caption(t("hooks.lead"))
    if data.shares_installation():
        st.info(t("hooks.shared"), icon=":material/lock:")
    else:
        _log()
