"""Side panel with the passages of a source."""

from __future__ import annotations

import streamlit as st

from console.app_pages.knowledge import queries
from console.i18n import t
from console.markdown import plain
from core.platform.errors import NotFound

state = st.session_state


def closed() -> None:
    """Close the panel."""
    state.pop("knowledge_open", None)


def panel(source_id: int) -> None:
    """Open the dialog with the passages of a source."""
    try:
        one = queries.source(source_id)
    except NotFound:
        closed()
        return

    @st.dialog(plain(one.title), position="right", width="large", on_dismiss=closed)
    def draw() -> None:
        st.caption(t("knowledge.passages_lead", count=one.passages))
        pages = -(-one.passages // queries.PASSAGES_A_PAGE)
        page = st.pagination(pages, key=f"passages_{source_id}") if pages > 1 else 1
        for passage in queries.passages(source_id, page):
            with st.container(border=True, gap="small"):
                about = t("knowledge.passage_about", number=passage.position + 1, tokens=passage.tokens)
                st.caption(about, width="content")
                if passage.heading:
                    st.text(passage.heading)
                st.text(passage.text)

    draw()
