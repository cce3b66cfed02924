"""Quotes page: quotes, states and totals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout, url_state
from console.app_pages.analytics import commands
from console.app_pages.quotes import drawer, queries, words
from console.dates import moment
from console.formatting import number, percent
from console.i18n import t
from console.markdown import plain
from core.catalog.quote_reads import QuoteRow
from core.platform import spreadsheets

_PAGE = 25
_MOST_EXPORTED = 10_000
_PERIODS = {"week": 7, "month": 30, "quarter": 90, "all": 0}
state = st.session_state
agent = layout.viewer()
zone = ZoneInfo(agent.timezone)


def _since() -> datetime:
    days = _PERIODS[state["period"]]
    return datetime.now(zone) - timedelta(days=days) if days else datetime(2000, 1, 1, tzinfo=UTC)


def _found(before: int | None, limit: int) -> Sequence[QuoteRow]:
    return queries.listed(words.FILTERS[state["state"]], _since(), before, limit)


def _export() -> bytes:
    heading = ["quote", "made", "customer", "state", "total", "currency", "decided", "conversation"]
    return spreadsheets.csv_of(
        heading,
        (
            [
                str(one.id), one.created_at.isoformat(), one.contact, one.state,
                "" if one.total is None else f"{one.total.normalize():f}", one.currency or "",
                "" if one.decided_at is None else one.decided_at.isoformat(), str(one.conversation_id),
            ]
            for one in _found(None, _MOST_EXPORTED)
        ),
    )  # fmt: skip


def _bar() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        url_state.begin("period", list(_PERIODS), "month")
        st.segmented_control(
            t("quotes.period"), list(_PERIODS), required=True, key="period", format_func=lambda one: t(f"quotes.{one}"),
        )  # fmt: skip
        url_state.keep("period", "month")
        url_state.begin("state", list(words.FILTERS), "all")
        st.segmented_control(
            t("quotes.state"), list(words.FILTERS), required=True, key="state",
            format_func=lambda one: t(f"quotes.only_{one}"),
        )  # fmt: skip
        url_state.keep("state", "all")
        st.download_button(
            t("quotes.export"),
            _export,
            "quotes.csv",
            "text/csv",
            icon=":material/download:",
            on_click=commands.note,
            args=("quotes",),
        )


def _figures() -> None:
    found = queries.sums(_since(), datetime.now(zone))
    made = sum(one.count for one in found)
    confirmed = [one for one in found if one.state == words.CONFIRMED]
    waiting = [one for one in found if one.state in words.WAITING]
    count = sum(one.count for one in confirmed)
    with st.container(horizontal=True, key="quote_figures"):
        st.metric(t("quotes.count"), number(made), border=True, help=t("quotes.count_help"))
        st.metric(t("quotes.only_waiting"), number(sum(one.count for one in waiting)), border=True)
        st.metric(
            t("quotes.only_confirmed"), f"{number(count)} ({percent(count / made)})" if made else "0", border=True
        )
        sold = words.money((one.total, one.currency) for one in confirmed)
        st.metric(t("quotes.sold"), sold, border=True)


def _row(one: QuoteRow) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"quote_{one.id}"):
        with st.container(gap=None, width="stretch"):
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                st.page_link(
                    "app_pages/inbox/page.py", label=plain(one.contact) or f"#{one.conversation_id}",
                    query_params={"c": str(one.conversation_id)}, width="content",
                )  # fmt: skip
                words.badge(one.state)
            st.caption(f"#{one.id} · {moment(one.created_at, zone)} · {t('quotes.lines', count=one.lines)}")
        st.text(words.total(one), width="content")
        st.button(
            t("quotes.open"), key=f"open_{one.id}", type="tertiary", icon=":material/chevron_right:",
            on_click=drawer.ask, args=(one.id,),
        )  # fmt: skip


def _older(last_id: int) -> None:
    state["quote_places"] = [*state.get("quote_places", []), last_id]


def _newer() -> None:
    state["quote_places"] = state.get("quote_places", [])[:-1]


with layout.page():
    st.title(t("nav.quotes"))
    st.caption(t("quotes.lead"))
    _bar()
    chosen = (state["period"], state["state"])
    if state.get("_quotes_chosen") != chosen:
        state["_quotes_chosen"], state["quote_places"] = chosen, []
    _figures()
    places = state.get("quote_places", [])
    found = _found(places[-1] if places else None, _PAGE + 1)
    if not found:
        st.info(t("quotes.empty" if chosen[1] == "all" else "quotes.nothing"), icon=":material/request_quote:")
    with st.container(gap="small"):
        for quote in found[:_PAGE]:
            _row(quote)
    if places or len(found) > _PAGE:
        with st.container(horizontal=True):
            st.button(t("quotes.newer"), disabled=not places, on_click=_newer, icon=":material/chevron_left:")
            st.button(
                t("quotes.older"), disabled=len(found) <= _PAGE, on_click=_older, args=(found[:_PAGE][-1].id,),
                icon=":material/chevron_right:",
            )  # fmt: skip
    drawer.show()
