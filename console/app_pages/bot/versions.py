"""Versions of a bot: differences and restore."""

from __future__ import annotations

import difflib
import html
import json
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from console.app_pages.bot import hours, queries
from console.dates import moment
from console.i18n import t
from core.bots.version_history import Change, Version, changes

state = st.session_state
_CHOSEN = ("bot_version", "bot_against")


def pick(versions: Sequence[Version], zone: ZoneInfo) -> tuple[int, int | None]:
    """Draw the selection of a version (default: current) and one to compare with (default: the previous).

    `versions` are newest first; the first is current. Return their numbers, None if there is no other.
    """
    in_force = versions[0].number
    titles = {one.number: _title(one, zone, in_force) for one in versions}
    if any(state.get(key, in_force) not in titles for key in _CHOSEN):  # another bot's
        forget()
    with st.container(horizontal=True):
        chosen: int = st.selectbox(t("bot.version"), list(titles), format_func=titles.__getitem__, key="bot_version")
        others = [number for number in titles if number != chosen]
        if not others:
            return chosen, None
        if state.get("bot_against") not in others:
            state["bot_against"] = next((number for number in others if number < chosen), others[-1])
        against: int = st.selectbox(t("bot.against"), others, format_func=titles.__getitem__, key="bot_against")
    return chosen, against


def forget() -> None:
    """Reset the selection to the current version."""
    for key in _CHOSEN:
        state.pop(key, None)


def _title(one: Version, zone: ZoneInfo, in_force: int) -> str:
    note = f" · {one.note}" if one.note else ""
    note += f" · {t('bot.in_force')}" if one.number == in_force else ""
    return f"{one.number} · {moment(one.at, zone)} · {one.author}{note}"


def compare(bot_id: int, number: int, against: int) -> None:
    """Return the differences between two versions."""
    found = changes(queries.version(bot_id, against), queries.version(bot_id, number))
    if not found:
        st.info(t("bot.same"), icon=":material/check:")
        return
    st.caption(t("bot.between", before=against, after=number, count=len(found)))
    show(found)


def show(found: Sequence[Change]) -> None:
    """Draw the differences, each as removed and added words."""
    for change in found:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{t(f'bot.{change.field}')}**")
            st.html(f"<div class='diff'>{words_between(*_both(change))}</div>")


def _both(change: Change) -> tuple[str, str]:
    words = hours.described if change.field == "opening_hours" else _words
    return words(change.before), words(change.after)


def _words(value: Any) -> str:
    """Return a setting's JSON value as text."""
    match value:
        case None | "" | []:
            return "—"
        case str():
            return value
        case bool():
            return t("bot.yes" if value else "bot.no")
        case dict():
            return "\n".join(f"{key}: {_words(one)}" for key, one in value.items())
        case list() if all(isinstance(one, str) for one in value):
            return ", ".join(value)
        case list():
            return "\n".join(" · ".join(_words(cell) for cell in one.values()) for one in value)
    return json.dumps(value)


def words_between(before: str, after: str) -> str:
    """Return HTML with removed words struck through and added words marked. User text is escaped."""
    old, new = _pieces(before), _pieces(after)
    parts = []
    for what, start, end, to, until in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = html.escape("".join(old[start:end])), html.escape("".join(new[to:until]))
        if what == "equal":
            parts.append(gone)
        else:
            parts.append((f"<del>{gone}</del>" if gone else "") + (f"<ins>{come}</ins>" if come else ""))
    return "".join(parts)


def _pieces(words: str) -> list[str]:
    """Split into words and the spaces between them."""
    pieces: list[str] = []
    for line in words.splitlines(keepends=True):
        for number, word in enumerate(line.split(" ")):
            pieces += [" ", word] if number else [word]
    return pieces
