"""Notices page: everything that needs a person, newest first, with links."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.notices import commands, queries
from console.auth import MANAGERS
from console.dates import moment
from console.formatting import Colour
from console.i18n import t
from core.accounts.notification_list import PAGE, NoticeFacts

state = st.session_state
agent = layout.viewer()
zone = ZoneInfo(agent.timezone)
_COLOURS: dict[str, Colour] = {"high": "red", "warning": "orange", "info": "blue"}
_OF_CHANNELS = (
    "account_", "number_", "name_", "review", "security", "breaker_", "partner_", "capability",
    "alert_paused", "alert_whatsapp_down", "alert_sms_down", "alert_email_down", "alert_token", "alert_breaker",
    "alert_silence",
)  # fmt: skip
_DEAD = ("alert_dead_letters", "alert_webhook_errors")


def _page_of(kind: str) -> tuple[str, str] | None:
    """Return the linked page and its label, if the viewer may open it."""
    if agent.role not in MANAGERS:
        return None
    if kind in _DEAD:
        return "app_pages/dead_letters/page.py", t("nav.dead_letters")
    if kind.startswith(_OF_CHANNELS):
        return "app_pages/channels/page.py", t("nav.channels")
    return ("app_pages/health/page.py", t("nav.health")) if kind.startswith("alert_") else None


def _notice(one: NoticeFacts, *, new: bool) -> None:
    with st.container(border=True, key=f"notice_{one.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            word = t("notices.cleared") if one.cleared else t(f"health.severity_{one.severity}")
            st.badge(word, color="green" if one.cleared else _COLOURS[one.severity])
            if new:
                st.badge(t("notices.new"), color="violet")
            st.caption(moment(one.created_at, zone))
            if one.late:
                st.caption(t("notices.late"))
        st.text(one.words)
        if one.conversation_id is not None:
            st.page_link(
                "app_pages/inbox/page.py", label=t("notices.open"), icon=":material/forum:", width="content",
                query_params={"c": str(one.conversation_id)},
            )  # fmt: skip
        elif (page := _page_of(one.kind)) is not None:
            st.page_link(page[0], label=page[1], icon=":material/arrow_forward:", width="content")


@st.fragment(key="notices", run_every=10)
def _list(known: int) -> None:
    """Draw the list. Notices newer than `known` are marked as new while the page is open."""
    layout.viewer()
    before = state.get("notices_before")
    found = queries.listed(before)
    if not found:
        st.success(t("notices.none"), icon=":material/check_circle:")
    for one in found:
        _notice(one, new=one.id > known)
    if found and found[0].id > state.get("notices_marked", known):
        state["notices_marked"] = found[0].id
        commands.mark_read(found[0].id)
    with st.container(horizontal=True):
        if len(found) == PAGE:
            st.button(t("notices.older"), on_click=lambda: state.update(notices_before=found[-1].id))
        if before is not None:
            st.button(t("notices.newest"), on_click=lambda: state.pop("notices_before", None))


with layout.page():
    st.title(t("nav.notices"))
    st.caption(t("notices.lead"))
    _list(queries.read_up_to())
