"""Card of one suggested answer: question, editable draft and actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.improve import commands
from console.dates import moment
from console.i18n import t
from console.markdown import plain
from core.evaluation.suggestions import Suggested
from core.platform.errors import BotHubError

state = st.session_state
_SNOOZES = (7, 30)  # days


def draw(one: Suggested, view: str, *, locked: bool, can_write: bool, zone: ZoneInfo) -> None:
    """Draw the card. `locked`: the viewer may not change answers. `can_write`: a model is configured."""
    with st.container(border=True, key=f"suggestion_{one.id}", gap="small"):
        _head(one, zone)
        if view == "open":
            _form(one, locked=locked)
        else:
            st.text(one.question)
            st.caption(plain(one.answer) or t("improve.no_answer"))
        if error := state.pop(f"improve_error_{one.id}", None):
            st.error(error, icon=":material/error:")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if view == "open":
                _decisions(one, locked=locked, can_write=can_write)
            elif view != "accepted":
                _button(one, "reopen", ":material/undo:", partial(_act, one.id, "reopened", commands.reopen))
        _examples(one, zone)


def _head(one: Suggested, zone: ZoneInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(t("improve.times", count=one.count), icon=":material/repeat:", color="gray")
        st.badge(one.language.upper(), color="gray")
        if one.drafted_by:
            st.badge(t(f"improve.by_{one.drafted_by}"), color="violet" if one.drafted_by == "model" else "green")
        st.caption(t("improve.last_asked", when=moment(one.last_asked_at, zone)))


def _form(one: Suggested, *, locked: bool) -> None:
    """Draw the form. Input is kept until the draft changes."""
    question, answer, known = f"improve_q_{one.id}", f"improve_a_{one.id}", f"improve_known_{one.id}"
    if state.get(known) != one.answer or answer not in state:
        state[known], state[answer] = one.answer, one.answer
    if question not in state:
        state[question] = one.question
    st.text_input(t("improve.question"), key=question, max_chars=500, disabled=locked)
    st.text_area(
        t("improve.answer"), key=answer, max_chars=4000, height=110, disabled=locked,
        placeholder=t("improve.answer_placeholder"), help=t("improve.answer_help"),
    )  # fmt: skip


def _decisions(one: Suggested, *, locked: bool, can_write: bool) -> None:
    if not locked:
        _button(one, "accept", ":material/check:", partial(_accept, one.id), primary=True)
    if can_write:
        _button(one, "draft", ":material/smart_toy:", partial(_draft, one.id))
    for days in _SNOOZES:
        act = partial(_act, one.id, "snoozed", partial(commands.snooze, days=days))
        st.button(t("improve.snooze", days=days), key=f"snooze_{days}_{one.id}", icon=":material/snooze:", on_click=act)
    _button(one, "dismiss", ":material/close:", partial(_act, one.id, "dismissed", commands.dismiss))


def _button(one: Suggested, name: str, icon: str, act: Callable[[], None], *, primary: bool = False) -> None:
    st.button(
        t(f"improve.{name}"), key=f"{name}_{one.id}", icon=icon, on_click=act, help=t(f"improve.{name}_help"),
        type="primary" if primary else "secondary",
    )  # fmt: skip


def _accept(number: int) -> None:
    try:
        version = commands.accept(number, state[f"improve_q_{number}"], state[f"improve_a_{number}"])
    except BotHubError as error:
        state[f"improve_error_{number}"] = layout.say(error)
    else:
        state.pop("improve_undo", None)
        layout.toast(t("improve.accepted", number=version), icon=":material/check:")


def _draft(number: int) -> None:
    try:
        commands.draft(number)
    except BotHubError as error:
        state[f"improve_error_{number}"] = layout.say(error)


def _act(number: int, done: str, act: Callable[[int], None]) -> None:
    """Dismiss, snooze or reopen, and offer undo."""
    try:
        act(number)
    except BotHubError as error:
        state[f"improve_error_{number}"] = layout.say(error)
        return
    state["improve_undo"] = None if done == "reopened" else (number, done)


def undo_bar() -> None:
    """Draw the undo bar for the last dismissed or snoozed suggestion."""
    if not (offered := state.get("improve_undo")):
        return
    number, done = offered
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="improve_undo_bar"):
        st.text(t(f"improve.{done}"))
        st.button(
            t("improve.undo"), key="improve_take_back", icon=":material/undo:",
            on_click=partial(_act, number, "reopened", commands.reopen),
        )  # fmt: skip
    if error := state.pop(f"improve_error_{number}", None):
        st.error(error, icon=":material/error:")


def _examples(one: Suggested, zone: ZoneInfo) -> None:
    with st.expander(t("improve.examples", count=len(one.examples))):
        st.dataframe(
            {
                "link": [f"/?c={example.conversation_id}" for example in one.examples],
                t("improve.asked"): [example.question for example in one.examples],
                t("improve.answered"): [example.answer or "—" for example in one.examples],
                t("improve.when"): [moment(example.at, zone) for example in one.examples],
            },
            column_config={
                "link": st.column_config.LinkColumn(
                    t("improve.open"), display_text=":material/open_in_new:", width="small"
                )
            },
            hide_index=True,
            height="content",
            key=f"examples_{one.id}",
        )
