"""Trial search: passages a bot would find for a question, with scores."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from console.app_pages.knowledge import queries
from console.formatting import percent
from console.i18n import t
from core.knowledge.hybrid_search import Found

state = st.session_state
_LONGEST_QUESTION = 500


def draw(bots: Mapping[int, str]) -> None:
    """Draw the search for the passages that a bot would find. `bots` are names by id."""
    st.caption(t("knowledge.search_lead"))
    with st.form("knowledge_search", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        question = st.text_input(
            t("knowledge.question"), key="knowledge_question", max_chars=_LONGEST_QUESTION,
            placeholder=t("knowledge.question_hint"),
        )  # fmt: skip
        bot_id = st.selectbox(
            t("knowledge.as_bot"), list(bots), key="knowledge_search_bot", format_func=bots.__getitem__, width=180
        )
        st.form_submit_button(t("knowledge.search"), type="primary", icon=":material/search:")
    if not (question or "").strip() or bot_id is None:
        return
    with st.spinner(t("knowledge.searching")):
        found = queries.search(bot_id, question)
    if not found:
        st.info(t("knowledge.nothing_found"), icon=":material/search_off:")
        return
    if not queries.is_offline() and all(one.meaning is None for one in found):
        st.warning(t("knowledge.by_words_only"), icon=":material/cloud_off:")
    for one in found:
        _passage(one)


def _passage(one: Found) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{one.title} › {one.heading}" if one.heading else one.title, width="stretch")
            st.badge(percent(one.score), color="green")
        legs = [t("knowledge.leg_words", percent=percent(one.words))] if one.words else []
        if one.meaning:
            leg = "knowledge.leg_likeness" if queries.is_offline() else "knowledge.leg_meaning"
            legs.append(t(leg, percent=percent(one.meaning)))
        st.caption(" · ".join(legs))
        st.text(one.text)
