"""Improve page: unanswered questions, each with a draft answer to review and accept."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout, url_state
from console.app_pages.improve import card, commands, queries
from console.dates import moment
from console.i18n import t
from core.evaluation.suggestions import PAGE
from core.platform.errors import BotHubError

state = st.session_state
agent = layout.viewer()
locked = agent.role not in auth.ADMINISTRATORS
_VIEWS = ("open", "snoozed", "accepted", "dismissed")


def _look_again(bot_id: int) -> None:
    try:
        commands.look_again(bot_id)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")
    else:
        state["improve_looked"] = {**state.get("improve_looked", {}), bot_id: datetime.now(UTC)}
        layout.toast(t("improve.looked"), icon=":material/check:")


def _more() -> None:
    state["improve_pages"] = state.get("improve_pages", 1) + 1


def _head() -> int:
    """Draw the title and the bot selection."""
    bots = queries.bots()
    if not bots:
        st.title(t("nav.improve"))
        st.info(t("bot.none"), icon=":material/smart_toy:")
        st.stop()
    names = {one.id: one.name for one in bots}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(t("nav.improve"), width="stretch")
        if len(bots) > 1:
            st.selectbox(
                t("bot.which"), list(names), format_func=names.__getitem__, key="improve_bot", width=220,
                label_visibility="collapsed",
            )  # fmt: skip
        bot_id = int(state.get("improve_bot") or bots[0].id)
        st.button(
            t("improve.look_again"), icon=":material/refresh:", on_click=_look_again, args=(bot_id,), key="look_again",
            help=t("improve.look_again_help"),
        )  # fmt: skip
    return bot_id


def _nothing(bot_id: int, view: str, zone: ZoneInfo, *, some: bool) -> None:
    """Draw an empty view, with the time of the last collection and a button to collect now."""
    if view != "open":
        st.info(t(f"improve.none_{view}"), icon=":material/done_all:")
        return
    times = [queries.gathered_at(bot_id), state.get("improve_looked", {}).get(bot_id)]
    gathered = max((one for one in times if one), default=None)
    if gathered is not None:
        words = t("improve.none_open", when=moment(gathered, zone))
    else:
        words = t("improve.none_left" if some else "improve.never")
    st.info(words, icon=":material/school:")
    st.button(
        t("improve.look_again"), icon=":material/refresh:", type="primary", on_click=_look_again, args=(bot_id,),
        key="look_now",
    )  # fmt: skip


with layout.page():
    bot_id = _head()
    st.caption(t("improve.lead"))
    if locked:
        st.info(t("improve.locked"), icon=":material/lock:")
    card.undo_bar()
    url_state.begin("view", _VIEWS, "open")
    view = str(state["view"])
    pages = state.setdefault("improve_pages", 1)
    found, counts = queries.suggested(bot_id, view, pages * PAGE)
    st.segmented_control(
        t("improve.view"), _VIEWS, required=True, key="view", label_visibility="collapsed",
        format_func=lambda one: f"{t(f'improve.view_{one}')} ({counts.get(one, 0)})",
    )  # fmt: skip
    url_state.keep("view", "open")
    can_write, zone = queries.can_write(), ZoneInfo(agent.timezone)
    if not found:
        _nothing(bot_id, view, zone, some=bool(counts))
    for one in found:
        card.draw(one, view, locked=locked, can_write=can_write, zone=zone)
    if len(found) == pages * PAGE:
        st.button(t("improve.more"), on_click=_more, key="improve_more")
