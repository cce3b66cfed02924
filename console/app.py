"""The console's script: the gate, the navigation, and the page somebody is on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from console import shell
from console.i18n import t

st.set_page_config(
    page_title="BotHub", page_icon=Path(__file__).with_name("static") / "icon.svg", layout="wide",
    initial_sidebar_state="collapsed",
)  # fmt: skip
shell.style()
agent = shell.viewer()
inbox = st.Page("app_pages/inbox.py", title=t("nav.inbox"), icon=":material/inbox:", url_path="inbox", default=True)
account = st.Page("app_pages/account.py", title=t("nav.account"), icon=":material/person:", url_path="account")
page = st.navigation([inbox, account], position="top")
shell.on_live(None)
shell.live_bridge()
shell.account_menu(agent, account)
page.run()
