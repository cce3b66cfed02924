"""What surrounds every page: styles, the gate, the live bridge and the menu of whoever is signed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from console import auth
from console.components.bridge import bridge
from console.components.leave import leave
from console.components.logout import logout_button
from console.components.sound import sound_switch
from console.data import inbox
from console.i18n import catalogue, current, t
from core.conversations.listing import View
from core.errors import BotHubError
from core.people.sessions import CurrentAgent

_STYLE = Path(__file__).with_name("shell.css")


def style() -> None:
    st.html(f"<style>{_STYLE.read_text('utf-8')}</style>")


def viewer() -> CurrentAgent:
    """Whoever looks. A browser whose session has ended goes to the sign-in page, and the run stops here."""
    agent = auth.current_agent()
    if agent is None:
        leave()
        st.stop()
    return agent


def say(error: BotHubError) -> str:
    """An error in the words of whoever looks; what has no words of ours keeps its own."""
    return catalogue(current()).get(f"error.{type(error).__name__}", str(error))


def on_live(redraw: Callable[[set[int]], list[str]] | None) -> None:
    """Let the page name the fragments to redraw when these conversations changed (0: any may have)."""
    st.session_state["_redraw"] = redraw


def _heard() -> None:
    changed = {int(one) for one in st.session_state["bridge"].tick or []}
    redraw = st.session_state.get("_redraw")
    try:
        fragments = redraw(changed) if redraw else []
    except auth.NotAllowed:
        st.rerun()  # the whole page: its gate shows the way out
    st.rerun(["bridge", *fragments])


@st.fragment(key="bridge")
def live_bridge() -> None:
    """Hear what changed, and tell in the tab's title how many wait."""
    viewer()
    with st.container(key="bridge_box"):
        bridge(waiting=inbox.counts()[View.WAITING], key="bridge", on_tick=_heard)


def account_menu(agent: CurrentAgent, account: st.Page) -> None:
    with (
        st.container(key="account_menu", width="content"),
        st.popover(agent.name, type="tertiary", icon=":material/account_circle:"),
    ):
        st.text(f"{agent.email}\n{t(f'role.{agent.role}')}")
        st.page_link(account, label=t("nav.account"), icon=":material/manage_accounts:")
        sound_switch(t("menu.sound"))
        logout_button(t("menu.sign_out"))
