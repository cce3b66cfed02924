"""The side panel that takes a price list among the sources over into the catalogue."""

from __future__ import annotations

import streamlit as st

from console import shell
from console.catalogue import importing
from console.data import catalogue
from console.data import knowledge as data
from console.i18n import t
from core.errors import BotHubError, NotFound

state = st.session_state


def opened(source_id: int) -> None:
    """Begin to take a source over."""
    state["knowledge_price_list"] = source_id


def closed() -> None:
    """No price list is taken over any more."""
    state.pop("knowledge_price_list", None)


def panel(source_id: int) -> None:
    try:
        one = data.source(source_id)
    except NotFound:
        closed()
        return

    @st.dialog(t("knowledge.as_catalogue"), position="right", width="large", on_dismiss=closed)
    def draw() -> None:
        st.text(one.title)
        st.caption(t("knowledge.as_catalogue_lead"))
        try:
            importing.preview(lambda: data.content(source_id), catalogue.currency())
        except BotHubError as error:
            st.error(shell.say(error), icon=":material/error:")
        st.page_link("app_pages/catalogue.py", label=t("knowledge.to_catalogue"), icon=":material/sell:")

    draw()
