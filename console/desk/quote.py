"""The quote of the conversation that is shown, in its customer's pane."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console.data import quotes as data
from console.i18n import t
from console.quotes import words
from console.times import moment


def card(conversation_id: int, zone: ZoneInfo) -> None:
    """Its state, lines and total, and the way to all about it. Nothing where there is no quote."""
    found = data.of_conversation(conversation_id)
    if found is None:
        return
    quote = found.quote
    with st.container(border=True, gap="xsmall", key="quote_card"):
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            st.markdown(f":material/request_quote: **{t('quotes.card')}**")
            words.badge(quote.state)
        with st.container(gap=None):
            for one in found.lines:
                st.text(f"{words.quantity(one)} × {words.meant(one)}")
            st.text(f"{t('quotes.total')}: {words.total(quote)}")
        if quote.state in words.WAITING:
            st.caption(t("quotes.until", when=moment(quote.expires_at, zone)))
        # In a tab of its own: whoever looks a quote up is in the middle of answering.
        st.link_button(t("quotes.see"), f"/quotes?q={quote.id}", type="tertiary", icon=":material/open_in_new:")
