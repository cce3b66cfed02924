"""What surrounds every page: styles, the gate, the live bridge and the menu of whoever is signed in."""

from __future__ import annotations

import html
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console import auth
from console.app_pages.health import queries as health_queries
from console.app_pages.inbox import queries as inbox_queries
from console.app_pages.notices import queries as notices_queries
from console.components.bridge import bridge
from console.components.builtin import builtin
from console.components.connection import connection
from console.components.leave import leave
from console.components.logout import logout_button
from console.components.menu import menu
from console.components.sound import sound_switch
from console.i18n import catalogue, current, section, t
from core.accounts.notification_list import MOST_COUNTED
from core.accounts.sessions import CurrentAgent
from core.conversations.inbox_list import View
from core.platform.errors import BotHubError

state = st.session_state
_STYLE = Path(__file__).with_name("layout.css")


def style() -> None:
    """The style sheet, for which Streamlit has a container of its own, as it has for toasts.

    What a fragment's callback draws takes the place of what stands first in its container: nothing of ours does.
    """
    st.empty()
    st.html("<style></style>")
    st.html(f"<style>{_STYLE.read_text('utf-8')}</style>")


def page() -> DeltaGenerator:
    """What a page is drawn in: as wide as every other, with its title in the same place."""
    return st.container(key="page", gap="small")


def viewer() -> CurrentAgent:
    """Whoever looks: asked at the start of every run, which also says what was left to be said (`toast`).

    A browser whose session has ended goes to the sign-in page, and the run stops here.
    """
    agent = auth.current_agent()
    if agent is None:
        leave()
        st.stop()
    for words, icon in state.pop("toasts", []):
        st.toast(words, icon=icon)
    return agent


def toast(words: str, *, icon: str) -> None:
    """Say how it went, at the start of the run that follows: callbacks of fragments must draw nothing (`style`)."""
    state.setdefault("toasts", []).append((words, icon))


def say(error: BotHubError) -> str:
    """An error in the words of whoever looks; what has no words of ours keeps its own."""
    return catalogue(current()).get(f"error.{type(error).__name__}", str(error))


def page_itself(group: str) -> None:
    """What the page does by itself, in the words of whoever looks: it cannot ask once the connection is gone.

    `group` is the title of the menu in which the page stands.
    """
    with st.container(key="connection_box"):
        menu(group)
        connection(section("connection"))
        builtin(current())


@st.fragment(key="bridge")
def live_bridge() -> None:
    """Hear what changed, and tell in the tab's title how many wait."""
    viewer()
    with st.container(key="bridge_box"):
        bridge(waiting=inbox_queries.counts()[View.WAITING], key="bridge")


@st.fragment(key="banner", run_every=15)
def warnings(notices_page: st.Page, health_page: st.Page | None) -> None:
    """The bell and the banner, which one timer keeps up to date: each run asks who looks."""
    viewer()
    _bell(notices_page)
    _banner(health_page)


def alert_subject(subject: str) -> str:
    """What an alert is about: a number, a bot or a setting by its name, what is no thing of its own in words."""
    return t(f"health.subject_{subject}") if subject in ("inbound", "replies", "all", "waiting") else subject


def _banner(health_page: st.Page | None) -> None:
    """A slim line at the top of every page while something grave is wrong. Without a page to see more on: no link."""
    found = health_queries.grave_alerts()
    if not found:
        return
    first, more = found[0], len(found) - 1
    what = t(f"health.kind_{first.kind}")
    words = (
        t("health.banner_more", what=what, subject=alert_subject(first.subject), more=more)
        if more
        else t("health.banner", what=what, subject=alert_subject(first.subject))
    )
    with st.container(key="banner", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<span role="status">{html.escape(words)}</span>')
        if health_page is not None:
            st.page_link(health_page, label=t("health.see"), width="content")


def _bell(notices_page: st.Page) -> None:
    """How many notices whoever looks has not read, and the way to them."""
    count = notices_queries.unread()
    label = "\u00a0" if not count else str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
    with st.container(key="bell", width="content"):
        st.page_link(notices_page, label=label, help=t("notices.bell", count=count), width="content")


def account_menu(agent: CurrentAgent, account: st.Page) -> None:
    with (
        st.container(key="account_menu", width="content"),
        st.popover(agent.name, type="tertiary", icon=":material/account_circle:"),
    ):
        st.text(f"{agent.email}\n{t(f'role.{agent.role}')}")
        st.page_link(account, label=t("nav.account"), icon=":material/manage_accounts:")
        sound_switch(t("menu.sound"))
        logout_button(t("menu.sign_out"), agent.id)
