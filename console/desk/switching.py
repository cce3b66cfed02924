"""Going on with the customer on another channel, from beside the composer."""

from __future__ import annotations

import streamlit as st

from console import shell
from console.actions import conversations as actions
from console.data import inbox as data
from console.desk import listing
from console.i18n import t
from core.conversations.switching import Way
from core.conversations.thread import Thread
from core.errors import BotHubError

state = st.session_state


def menu(thread: Thread) -> None:
    """The other ways to reach this customer; nothing where there is none."""
    found = {f"{one.channel_id}:{one.identity_id}": one for one in data.ways(thread.id) if not one.opted_out}
    if found:
        st.menu_button(
            "", list(found), icon=":material/swap_horiz:", key="switch", help=t("contact.switch"), type="tertiary",
            format_func=lambda one: _named(found[one]), on_click=lambda: _chosen(thread.id, found),
        )  # fmt: skip


def _named(way: Way) -> str:
    address = f"+{way.address}" if way.address.isdigit() else way.address
    return t("contact.switch_to", kind=t(f"list.{way.kind}"), address=address, channel=way.channel)


def _chosen(conversation_id: int, found: dict[str, Way]) -> None:
    way = found.get(str(state.get("switch")))
    if way is None:
        return
    try:
        there = actions.continue_on(conversation_id, way.channel_id, way.identity_id)
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    else:
        listing.open_conversation(there)
