"""Empty state of the inbox before the first message."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from console import auth
from console.i18n import t
from core.accounts.sessions import CurrentAgent
from core.platform.config import get_settings


def draw(agent: CurrentAgent) -> None:
    """Draw the next steps available to the viewer's role."""
    settings = get_settings()
    with st.container(key="desk_first", gap="small"):
        st.markdown(f"**{t('inbox.first')}**")
        st.caption(t("inbox.first_lead"))
        if settings.sandbox_active:
            host = urlsplit(st.context.url or "").hostname or "localhost"
            st.link_button(
                t("inbox.first_phone"), f"http://{host}:{settings.sandbox_port}", icon=":material/smartphone:",
                type="primary", width="stretch",
            )  # fmt: skip
        if agent.role not in auth.MANAGERS:
            return
        for name, icon in (("channels", "cell_tower"), ("knowledge", "menu_book"), ("people", "group_add")):
            st.page_link(f"app_pages/{name}/page.py", label=t(f"inbox.first_{name}"), icon=f":material/{icon}:")
