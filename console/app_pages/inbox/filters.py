"""Conversation list with views, filters and search. The selection is in the URL, so links can be shared."""

from __future__ import annotations

import time

import streamlit as st

from console import layout, url_state
from console.app_pages.inbox import queries as inbox_queries
from console.app_pages.people import queries as people_queries
from console.components.inbox_list import inbox_list
from console.components.trigger import trigger
from console.i18n import current, section, t
from console.reading import together
from core.channels.types import Kind
from core.conversations.inbox_list import STATUSES, Cursor, InboxFilter, View

state = st.session_state
_WANTED = "list_wanted"  # view, filters and search
_PLACES = "list_places"  # start of each previous page
_COUNTS = "list_counts"  # number of conversations per view


@st.fragment(key="list")
@together()
def pane() -> None:
    """Draw the filters and the list of conversations."""
    layout.viewer()
    with st.container(key="list_head", gap="small"):
        wanted = _head()
    if state.get(_WANTED) != wanted:
        state[_WANTED], state[_PLACES] = wanted, []
    state[_COUNTS] = {"read_at": time.time(), **inbox_queries.counts()}
    _rows()


@st.fragment(key="rows")
@together()
def _rows() -> None:
    """Draw the rows. A fragment of its own, for changes that the browser cannot place in the list."""
    agent = layout.viewer()
    wanted: InboxFilter = state[_WANTED]
    places: list[Cursor] = state[_PLACES]
    read_at = time.time()
    page = inbox_queries.page(wanted, places[-1] if places else None)
    state["list_next"] = page.next
    inbox_list(
        page.rows,
        view=wanted.view,
        read_at=read_at,
        counts=state[_COUNTS],
        earlier=bool(places),
        more=page.next is not None,
        searching=wanted != InboxFilter(wanted.view),
        words=section("list"),
        language=current(),
        timezone=agent.timezone,
        key="list",
        on_turn=_turned,
    )
    trigger("rows")


def _head() -> InboxFilter:
    with st.container(horizontal=True, gap="xsmall", wrap=False):
        words = st.text_input(
            t("inbox.search"), type="search", live="300ms", key="q", bind="query-params", max_chars=200,
            placeholder=t("inbox.search"), label_visibility="collapsed", icon=":material/search:",
        )  # fmt: skip
        with st.popover("", icon=":material/tune:", help=t("inbox.filters"), key="filters"):
            narrowed = _filters()
    url_state.begin("view", list(View), View.ALL)
    view = st.segmented_control(
        t("inbox.view"), list(View), key="view", required=True, label_visibility="collapsed",
        format_func=lambda one: t(f"inbox.{one}"), width="stretch",
    )  # fmt: skip
    url_state.keep("view", View.ALL)
    return InboxFilter(View(view or View.ALL), words or "", *narrowed)


def _filters() -> tuple[str | None, str | None, str | None, bool, bool, int | None]:
    """Draw the filters: status, channel, tag, unassigned, window about to close, team."""
    url_state.begin("status", STATUSES, None)
    status = st.selectbox(
        t("inbox.status"), STATUSES, index=None, key="status",
        format_func=lambda one: t(f"inbox.status_{one}"), placeholder=t("inbox.any"),
    )  # fmt: skip
    url_state.keep("status", None)
    url_state.begin("channel", list(Kind), None)
    channel = st.selectbox(
        t("inbox.channel"), list(Kind), index=None, key="channel",
        format_func=lambda one: t(f"list.{one}"), placeholder=t("inbox.any"),
    )  # fmt: skip
    url_state.keep("channel", None)
    tag = st.selectbox(
        t("inbox.tag"), inbox_queries.tags(), index=None, key="tag", placeholder=t("inbox.any"), accept_new_options=True
    )
    teams = {one.id: one.name for one in people_queries.teams()}
    if state.get("team") not in teams:
        state.pop("team", None)  # somebody removed it
    team = st.selectbox(
        t("inbox.team"), list(teams), index=None, key="team", format_func=teams.__getitem__,
        placeholder=t("inbox.any"), disabled=not teams,
    )  # fmt: skip
    unassigned = st.toggle(t("inbox.unassigned"), key="unassigned", bind="query-params")
    closing = st.toggle(t("inbox.closing"), key="closing", bind="query-params")
    return status, channel, tag, unassigned, closing, team


def _turned() -> None:
    """Go to the next (+1) or previous (-1) page."""
    places: list[Cursor] = state.get(_PLACES, [])
    if state["list"].turn > 0 and state.get("list_next"):
        state[_PLACES] = [*places, state["list_next"]]
    elif state["list"].turn < 0:
        state[_PLACES] = places[:-1]
