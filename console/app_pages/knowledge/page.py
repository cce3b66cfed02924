"""Knowledge page: sources that bots answer from. Managers view; administrators change."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.bot import queries as bot_queries
from console.app_pages.knowledge import adding, finding, listing, passages, price_list
from console.app_pages.knowledge import queries as knowledge_queries
from console.i18n import t

state = st.session_state
agent = layout.viewer()
may_edit = agent.role in auth.ADMINISTRATORS
bots = {one.id: one.name for one in bot_queries.overview()}

with layout.page():
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(t("nav.knowledge"))
        if may_edit:
            st.button(
                t("knowledge.add"), type="primary", icon=":material/add:", key="knowledge_add", width="content",
                on_click=lambda: state.update(knowledge_adding=True),
            )  # fmt: skip
    st.caption(t("knowledge.lead"))
    st.page_link("app_pages/bot/page.py", label=t("knowledge.pairs"), icon=":material/quiz:")
    if not may_edit:
        st.info(t("knowledge.locked"), icon=":material/lock:")
    part = st.segmented_control(
        t("knowledge.part"), ["sources", "search"], default="sources", required=True, key="knowledge_part",
        format_func=lambda one: t(f"knowledge.part_{one}"), label_visibility="collapsed",
    )  # fmt: skip
    if part == "search":
        if knowledge_queries.is_offline():
            st.info(t("knowledge.offline"), icon=":material/cloud_off:")
        finding.draw(bots)
    else:
        listing.draw(listing.Viewer(ZoneInfo(agent.timezone), may_edit))

if may_edit and state.get("knowledge_adding"):
    adding.panel(bots)
elif (opened := state.get("knowledge_open")) is not None:
    passages.panel(opened)
elif (taken := state.get("knowledge_price_list")) is not None:
    price_list.panel(taken)
