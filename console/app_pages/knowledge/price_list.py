"""Side panel to import a price list source into the catalogue."""

from __future__ import annotations

import streamlit as st

from console import layout
from console.app_pages.catalogue import import_dialog
from console.app_pages.catalogue import queries as catalogue_queries
from console.app_pages.knowledge import queries as knowledge_queries
from console.i18n import t
from core.platform.errors import BotHubError, NotFound

state = st.session_state


def opened(source_id: int) -> None:
    """Open the panel for a source."""
    state["knowledge_price_list"] = source_id


def closed() -> None:
    """Close the panel."""
    state.pop("knowledge_price_list", None)


def panel(source_id: int) -> None:
    """Open the dialog that imports a source as the catalogue."""
    try:
        one = knowledge_queries.source(source_id)
    except NotFound:
        closed()
        return

    @st.dialog(t("knowledge.as_catalogue"), position="right", width="large", on_dismiss=closed)
    def draw() -> None:
        st.text(one.title)
        st.caption(t("knowledge.as_catalogue_lead"))
        try:
            import_dialog.preview(lambda: knowledge_queries.content(source_id), catalogue_queries.currency())
        except BotHubError as error:
            st.error(layout.say(error), icon=":material/error:")
        st.page_link("app_pages/catalogue/page.py", label=t("knowledge.to_catalogue"), icon=":material/sell:")

    draw()
