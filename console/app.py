"""Streamlit entry script: sign-in check, navigation and the current page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from console import layout, navigation
from console.app_pages.bot import form

st.set_page_config(
    page_title="BotHub", page_icon=Path(__file__).with_name("static") / "icon.svg", layout="wide",
    initial_sidebar_state="collapsed",
)  # fmt: skip
layout.style()
agent = layout.viewer()
page, account, notices, health = navigation.build(agent)
form.keep()
layout.page_itself(navigation.group(page))
layout.live_bridge()
layout.account_menu(agent, account)
layout.warnings(notices, health)
page.run()
