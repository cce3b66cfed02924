"""Bot page: settings with a trial chat, versions, channels and business facts."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.bot import business, channels, commands, form, queries, replay, trial, versions
from console.components.unsaved import ask_before_leaving
from console.i18n import t
from core.bots.settings import BotSettings
from core.bots.version_history import LONGEST_NOTE, BotOverview, Overtaken, changes
from core.platform.errors import BotHubError

state = st.session_state
agent = layout.viewer()
locked = agent.role not in auth.ADMINISTRATORS


def _begin(bot_id: int) -> None:
    """Load the current settings."""
    number, settings = queries.current(bot_id)
    state["bot_at"] = (bot_id, number)
    state["bot_saved"] = settings
    form.load(settings)


def _save(bot_id: int, settings: BotSettings, based_on: int) -> None:
    try:
        number = commands.save(bot_id, settings, based_on=based_on, note=state.get("bot_note") or "")
    except Overtaken as error:
        state["bot_overtaken"] = error.newest
    except BotHubError as error:
        state["bot_error"] = layout.say(error)
    else:
        state.pop("bot_overtaken", None)
        state["bot_note"] = ""
        versions.forget()
        layout.toast(t("bot.saved", number=number), icon=":material/check:")
        _begin(bot_id)


def _discard(bot_id: int) -> None:
    state.pop("bot_overtaken", None)
    _begin(bot_id)


def _bar(bot_id: int, typed: BotSettings | list[str]) -> None:
    """Draw the bar of unsaved changes with save and discard."""
    if isinstance(typed, list):
        st.error("\n".join(f"- {fault}" for fault in typed), icon=":material/error:")
        st.button(t("bot.discard"), on_click=_discard, args=(bot_id,))
        return
    differing = changes(state["bot_saved"], typed)
    if not differing:
        return
    based_on = state["bot_at"][1]
    with st.container(border=True, key="unsaved"):
        if newest := state.get("bot_overtaken"):
            st.warning(t("bot.overtaken", number=newest), icon=":material/group:")
            versions.show(changes(queries.version(bot_id, newest), typed))
            based_on = newest
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/edit: **{t('bot.unsaved', count=len(differing))}**", width="stretch")
            st.button(t("bot.discard"), on_click=_discard, args=(bot_id,))
            st.button(
                t("bot.save_over" if newest else "bot.save"), type="primary", on_click=_save,
                args=(bot_id, typed, based_on),
            )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text_input(
                t("bot.note"), key="bot_note", max_chars=LONGEST_NOTE, label_visibility="collapsed",
                placeholder=t("bot.note"),
            )  # fmt: skip
            st.button(t("rehearsal.try"), icon=":material/science:", key="rehearsal_try", on_click=_try_first)


def _try_first() -> None:
    state["bot_part"] = "whatif"


def _settings(bot_id: int) -> None:
    with st.container(horizontal=True, gap="large", key="bot_columns"):
        with st.container(width="stretch", key="bot_form"):
            unsaved = st.container()
            form.draw(locked=locked, time_zone=agent.timezone)
            typed = form.read()
            with unsaved:
                if error := state.pop("bot_error", None):
                    st.error(error, icon=":material/error:")
                if not locked:
                    _bar(bot_id, typed)
        with st.container(width=380, key="bot_trial"):
            trial.fragment(bot_id, None if isinstance(typed, list) else typed)


def _versions(bot_id: int) -> None:
    known = queries.history(bot_id)
    current = known[0].number
    number, against = versions.pick(known, ZoneInfo(agent.timezone))
    replay.of_version(bot_id, number)
    if against is None:
        st.info(t("bot.only_version"), icon=":material/history:")
    else:
        versions.compare(bot_id, number, against)
    if not locked and number != current:
        unsaved = form.read() != state["bot_saved"]
        wanted = queries.version(bot_id, number)
        st.button(
            t("bot.restore", number=number), icon=":material/settings_backup_restore:", type="primary",
            on_click=_restore, args=(bot_id, wanted, current, number), disabled=unsaved,
            help=t("bot.save_first") if unsaved else None,
        )  # fmt: skip


def _restore(bot_id: int, wanted: BotSettings, based_on: int, number: int) -> None:
    state["bot_note"] = t("bot.restored_note", number=number)
    _save(bot_id, wanted, based_on)


def _selected(bots: Sequence[BotOverview]) -> BotOverview:
    """Return the selected bot, by default the oldest."""
    return next((one for one in bots if one.id == state.get("bot_id")), bots[0])


def _part(shown: BotOverview, bots: Sequence[BotOverview]) -> None:
    state.setdefault("bot_part", "settings")  # not the widget's default: the session holds the selection
    where = st.segmented_control(
        t("bot.part"), ["settings", "whatif", "versions", "channels", "facts"], required=True, key="bot_part",
        format_func=lambda one: t(f"bot.part_{one}"), label_visibility="collapsed",
    )  # fmt: skip
    match where:
        case "whatif":
            replay.pane(shown.id, state["bot_saved"], form.read())
        case "versions":
            _versions(shown.id)
        case "channels":
            channels.pane(bots, locked=locked)
        case "facts":
            business.pane(locked=locked)
        case _:
            _settings(shown.id)


with layout.page():
    bots = queries.overview()
    if not bots:
        st.info(t("bot.none"), icon=":material/smart_toy:")
        st.stop()
    shown = _selected(bots)
    if state.get("bot_at", (None,))[0] != shown.id or not form.is_loaded():
        _begin(shown.id)
    head = st.container()
    if locked:
        st.info(t("bot.locked"), icon=":material/lock:")
    _part(shown, bots)
    with head:  # last, because only now is it known whether there are unsaved changes
        unsaved = form.read() != state["bot_saved"]
        channels.header(bots, shown, locked=locked, unsaved=unsaved)
    with st.container(key="unsaved_box"):
        ask_before_leaving(unsaved=unsaved)
