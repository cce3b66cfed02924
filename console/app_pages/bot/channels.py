"""Bot selection, bot creation and the assignment of bots to channels."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from console import layout
from console.app_pages.bot import commands, queries, removal
from console.i18n import t
from core.bots.version_history import BotOverview
from core.platform.errors import BotHubError

state = st.session_state
_BLANK = _NOBODY = 0  # no bot has this id


def header(bots: Sequence[BotOverview], shown: BotOverview, *, locked: bool, unsaved: bool) -> None:
    """Draw the bot selection, disabled while there are unsaved changes, which would be lost."""
    with st.container(horizontal=True, vertical_alignment="center", key="bot_head"):
        st.title(shown.name, width="content")
        st.caption(t("bot.answers_on", channels=", ".join(shown.channels) or "—"), width="stretch")
        if len(bots) > 1:
            names = {one.id: one.name for one in bots}
            st.selectbox(
                t("bot.which"), list(names), format_func=names.__getitem__, key="bot_id", disabled=unsaved, width=220,
                label_visibility="collapsed", help=t("bot.save_first") if unsaved else None,
            )  # fmt: skip
        if not locked:
            with st.popover(t("bot.new"), icon=":material/add:", disabled=unsaved):
                _new(bots)
            removal.button(shown, alone=len(bots) == 1, unsaved=unsaved)


def _new(bots: Sequence[BotOverview]) -> None:
    names = {_BLANK: t("bot.blank")} | {one.id: t("bot.copy_of", name=one.name) for one in bots}
    with st.form("bot_new", border=False):
        st.text_input(t("bot.name"), key="bot_new_name", max_chars=60)
        st.selectbox(t("bot.start_from"), list(names), format_func=names.__getitem__, key="bot_new_from")
        st.caption(t("bot.new_help"))
        st.form_submit_button(t("bot.create"), type="primary", on_click=_create)
    if error := state.pop("bot_new_error", None):
        st.error(error, icon=":material/error:")


def _create() -> None:
    name = state["bot_new_name"].strip()
    if not name:
        state["bot_new_error"] = f"{t('bot.name')}: {t('bot.fault_min_length')}"
        return
    try:
        state["bot_id"] = commands.create(name, copied_from=state["bot_new_from"] or None)
    except BotHubError as error:
        state["bot_new_error"] = layout.say(error)
    else:
        state["bot_new_name"] = ""
        layout.toast(t("bot.created", name=name), icon=":material/check:")


def pane(bots: Sequence[BotOverview], *, locked: bool) -> None:
    """Draw the bot of each channel. A change takes effect immediately."""
    st.caption(t("bot.channels_lead"))
    if error := state.pop("bot_channel_error", None):
        st.error(error, icon=":material/error:")
    names = {_NOBODY: t("bot.nobody")} | {one.id: one.name for one in bots}
    channels = queries.channels()
    if not channels:
        st.info(t("bot.no_channels"), icon=":material/link_off:")
    for channel in channels:
        key = f"bot_on_{channel.id}"
        state[key] = channel.bot_id or _NOBODY
        st.selectbox(
            f"{channel.name} · {channel.identity}", list(names), format_func=names.__getitem__, key=key,
            disabled=locked, width=420, on_change=_assign, args=(channel.id, channel.name, channel.bot_id),
        )  # fmt: skip


def _assign(channel_id: int, name: str, seen: int | None) -> None:
    try:
        commands.assign(channel_id, state[f"bot_on_{channel_id}"] or None, seen=seen)
    except BotHubError as error:
        state["bot_channel_error"] = layout.say(error)
    else:
        layout.toast(t("bot.assigned", channel=name), icon=":material/check:")
