"""Drawer of one quote: lines, history and cancellation."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.catalogue import words as prices
from console.app_pages.quotes import commands, queries, words
from console.dates import moment
from console.i18n import t
from console.markdown import plain
from console.url_state import row_number
from core.catalog.quote_reads import QuoteDetails, QuoteRow
from core.platform.errors import BotHubError, NotFound

_KEY = "q"
state = st.session_state


def ask(quote_id: int) -> None:
    """Open the drawer at the next run; the quote is in the URL, so a reload keeps it."""
    st.query_params[_KEY] = str(quote_id)


def show() -> None:
    """Draw the drawer if the URL names a quote."""
    asked = row_number(st.query_params.get(_KEY, ""))
    if asked is None:
        return
    title = t("quotes.one", number=asked)
    st.dialog(title, position="right", width="medium", icon=":material/request_quote:", on_dismiss=_closed)(_drawer)(
        asked
    )


def _closed() -> None:
    st.query_params.pop(_KEY, None)


def _drawer(quote_id: int) -> None:
    zone = ZoneInfo(layout.viewer().timezone)
    try:
        found = queries.details(quote_id)
    except NotFound as error:
        st.info(layout.say(error), icon=":material/search_off:")
        return
    quote = found.quote
    with st.container(horizontal=True, vertical_alignment="center"):
        words.badge(quote.state)
        st.page_link(
            "app_pages/inbox/page.py", label=plain(quote.contact) or t("quotes.conversation"), icon=":material/forum:",
            query_params={"c": str(quote.conversation_id)},
        )  # fmt: skip
    st.caption(_when(quote, zone))
    _lines(found)
    st.markdown(f"**{t('quotes.total')}: {words.total(quote)}**".replace("$", "\\$"))
    if refused := state.pop("quote_error", None):
        st.error(refused, icon=":material/error:")
    if quote.state in words.WAITING:
        with st.popover(t("quotes.cancel"), icon=":material/block:", key="cancel_ask"):
            st.caption(t("quotes.cancel_lead"))
            st.button(t("quotes.cancel_sure"), key="cancel_sure", on_click=_cancel, args=(quote.id,))
    _history(found, zone)


def _cancel(quote_id: int) -> None:
    try:
        commands.cancel(quote_id)
    except BotHubError as error:
        state["quote_error"] = layout.say(error)


def _when(quote: QuoteRow, zone: ZoneInfo) -> str:
    parts = [t("quotes.made", when=moment(quote.created_at, zone))]
    if quote.state in words.WAITING:
        parts.append(t("quotes.until", when=moment(quote.expires_at, zone)))
    elif quote.decided_at is not None:
        parts.append(t("quotes.decided", when=moment(quote.decided_at, zone)))
    return " · ".join(parts)


def _lines(found: QuoteDetails) -> None:
    priced = [
        "" if one.price is None or one.currency is None else prices.price(one.price, one.currency)
        for one in found.lines
    ]
    amounts = [
        "?" if one.amount is None or one.currency is None else prices.price(one.amount, one.currency)
        for one in found.lines
    ]
    st.dataframe(
        {
            t("quotes.quantity"): [words.quantity(one) for one in found.lines],
            t("quotes.product"): [words.meant(one) for one in found.lines],
            t("quotes.price"): priced,
            t("quotes.amount"): amounts,
            t("quotes.said"): [one.words for one in found.lines],
            t("quotes.confidence"): [one.confidence for one in found.lines],
        },
        column_config={
            t("quotes.confidence"): st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent")
        },
        hide_index=True,
        height="content",
    )


def _history(found: QuoteDetails, zone: ZoneInfo) -> None:
    """Draw the conversation's quotes, oldest first: each change creates a new quote."""
    if len(found.history) < 2:
        return
    st.markdown(f"**{t('quotes.history')}**")
    for one in found.history:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                f"{moment(one.created_at, zone)} · {words.total(one)}".replace("$", "\\$"), key=f"history_{one.id}",
                type="tertiary", disabled=one.id == found.quote.id, on_click=ask, args=(one.id,),
            )  # fmt: skip
            words.badge(one.state)
