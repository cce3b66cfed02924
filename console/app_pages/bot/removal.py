"""Dialog to delete a bot: lists what is deleted and kept, or why it cannot be deleted."""

from __future__ import annotations

import streamlit as st

from console import layout
from console.app_pages.bot import commands
from console.i18n import t
from core.bots.version_history import BotOverview
from core.platform.errors import BotHubError

state = st.session_state


def button(shown: BotOverview, *, alone: bool, unsaved: bool) -> None:
    """Draw the button that opens the dialog. `alone`: the business has no other bot."""
    st.button(
        "", icon=":material/delete:", type="tertiary", key="bot_remove", on_click=_asked, args=(shown.id,),
        disabled=unsaved, help=t("bot.save_first") if unsaved else t("bot.remove"),
    )  # fmt: skip
    if state.get("bot_removing") == shown.id:
        st.dialog(t("bot.remove_title", name=shown.name), icon=":material/delete:", on_dismiss=_dismissed)(_content)(
            shown, alone=alone
        )


def _asked(bot_id: int) -> None:
    state["bot_removing"] = bot_id


def _dismissed() -> None:
    state.pop("bot_removing", None)


def _content(shown: BotOverview, *, alone: bool) -> None:
    if alone:
        st.info(t("error.last_bot"), icon=":material/info:")
    elif shown.channels:
        st.warning(t("bot.remove_in_use", channels=", ".join(shown.channels)), icon=":material/link:")
    else:
        st.markdown(t("bot.remove_goes"))
        st.markdown(t("bot.remove_stays"))
        if error := state.pop("bot_remove_error", None):
            st.error(error, icon=":material/error:")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("bot.remove_not"), key="bot_remove_not"):
            _dismissed()
            st.rerun()
        if not alone and not shown.channels and st.button(t("bot.remove"), type="primary", key="bot_remove_sure"):
            _remove(shown)


def _remove(shown: BotOverview) -> None:
    try:
        commands.remove(shown.id)
    except BotHubError as error:
        state["bot_remove_error"] = layout.say(error)
    else:
        _dismissed()
        state.pop("bot_id", None)
        layout.toast(t("bot.removed", name=shown.name), icon=":material/check:")
    st.rerun()
