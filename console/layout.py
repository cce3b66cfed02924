"""Layout of every page: styles, sign-in check, live updates and menu."""

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
from core.messaging.outbound.manual_retry import Refused
from core.platform.errors import BotHubError

state = st.session_state
_STYLE = Path(__file__).with_name("layout.css")


def style() -> None:
    """Draw the style sheet, in Streamlit's event container, as toasts are.

    A fragment's callback replaces the first element of its container, so both containers start with a placeholder.
    """
    st.empty()
    st.html("<style></style>")
    st.html(f"<style>{_STYLE.read_text('utf-8')}</style>")


def page() -> DeltaGenerator:
    """Return the page container, with uniform width and title position."""
    return st.container(key="page", gap="small")


def viewer() -> CurrentAgent:
    """Return the signed-in agent, checked at the start of every run; also shows pending toasts.

    If the session has ended, redirect to the sign-in page and stop the run.
    """
    agent = auth.current_agent()
    if agent is None:
        leave()
        st.stop()
    for words, icon in state.pop("toasts", []):
        st.toast(words, icon=icon)
    return agent


def toast(words: str, *, icon: str) -> None:
    """Queue a toast for the start of the next run: fragment callbacks must not draw (see `style`)."""
    state.setdefault("toasts", []).append((words, icon))


def say(error: BotHubError) -> str:
    """Return the translated error, or its own text if there is no translation."""
    key = f"error.{error.code}"
    return t(key, **error.values) if key in catalogue(current()) else str(error)


def say_refusal(reason: Refused) -> str:
    """Return why a message is not sent again."""
    return t(f"queue.refused_{reason.name.lower()}")


def page_itself(group: str) -> None:
    """Mount components that work without the server, with translated texts: these cannot be fetched once offline.

    `group` is the title of the page's menu.
    """
    with st.container(key="connection_box"):
        menu(group)
        connection(section("connection"))
        builtin(current())


def live_bridge() -> None:
    """Mount the websocket client, and show the waiting count in the tab's title."""
    with st.container(key="bridge_box"):
        bridge(waiting=inbox_queries.counts()[View.WAITING], key="bridge")


@st.fragment(key="banner", run_every=15)
def warnings(notices_page: st.Page, health_page: st.Page | None) -> None:
    """Draw bell and banner, refreshed by one timer: each run checks the session."""
    viewer()
    _bell(notices_page)
    _banner(health_page)


def alert_subject(subject: str) -> str:
    """Return an alert's subject: the name of a number, bot or setting, or a translated description."""
    return t(f"health.subject_{subject}") if subject in ("inbound", "replies", "all", "waiting") else subject


def _banner(health_page: st.Page | None) -> None:
    """Draw the banner for high-severity alerts. It links to Health if the viewer may open it."""
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
    """Draw the number of unread notices with a link."""
    count = notices_queries.unread()
    label = "\u00a0" if not count else str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
    with st.container(key="bell", width="content"):
        st.page_link(notices_page, label=label, help=t("notices.bell", count=count), width="content")


def account_menu(agent: CurrentAgent, account: st.Page) -> None:
    """Draw the menu with the viewer's account, sound and sign-out."""
    with (
        st.container(key="account_menu", width="content"),
        st.popover(agent.name, type="tertiary", icon=":material/account_circle:"),
    ):
        st.text(f"{agent.email}\n{t(f'role.{agent.role}')}")
        st.page_link(account, label=t("nav.account"), icon=":material/manage_accounts:")
        sound_switch(t("menu.sound"))
        logout_button(t("menu.sign_out"), agent.id)
