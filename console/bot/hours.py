"""The opening hours as the form holds them: one line of shifts a day, and a table of holidays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

import pandas as pd
import streamlit as st

from console.i18n import t
from core.ai.hours import is_open
from core.ai.settings import OpeningHours

state = st.session_state
_DAYS = range(7)
_SHIFT = re.compile(r"(\d{1,2})[:.](\d{2})\s*[-–—]\s*(\d{1,2})[:.](\d{2})")


def load(value: Mapping[str, Any]) -> None:
    """Fill the fields from the setting's JSON value."""
    for day, words in _by_day(value).items():
        state[f"bot.hours.{day}"] = words
    state["bot.holidays.round"] = state.get("bot.holidays.round", 0) + 1
    state["bot.holidays.rows"] = list(value["holidays"])


def document() -> dict[str, Any]:
    """What is typed, as the setting's JSON value. Days that cannot be read are left to `faults`."""
    week = [
        {"day": day, "opens": opens.isoformat(), "closes": closes.isoformat()}
        for day in _DAYS
        for opens, closes in shifts(state[f"bot.hours.{day}"]) or ()
    ]
    return {"week": week, "holidays": state["bot.holidays.rows"]}


def faults() -> list[str]:
    """What is wrong with the lines, in words."""
    unread = [day for day in _DAYS if shifts(state[f"bot.hours.{day}"]) is None]
    return [f"{t('bot.opening_hours')}, {t(f'bot.day_{day}')}: {t('bot.fault_hours')}" for day in unread]


def shifts(words: str) -> list[tuple[time, time]] | None:
    """The shifts in "09:00-13:00, 16:00-20:00"; None if that is not what stands there. 24:00 is midnight."""
    found = []
    for part in re.split(r"[,;]", words):
        if not part.strip():
            continue
        match = _SHIFT.fullmatch(part.strip())
        if match is None:
            return None
        start_hour, start, end_hour, end = (int(group) for group in match.groups())
        midnight = (end_hour, end) == (24, 0)
        try:
            found.append((time(start_hour, start), time() if midnight else time(end_hour, end)))
        except ValueError:
            return None
    return found


def draw(locked: bool, time_zone: str) -> None:
    """The fields, below them whether somebody would be there now."""
    st.caption(t("bot.hours_lead"))
    left, right = st.columns(2)
    for day in _DAYS:
        with left if day < 4 else right:
            st.text_input(
                t(f"bot.day_{day}"), key=f"bot.hours.{day}", disabled=locked, max_chars=200,
                placeholder=t("bot.closed"),
            )  # fmt: skip
    st.markdown(f"**{t('bot.holidays')}**", help=t("bot.holidays_help"))
    editor = f"bot.holidays.{state['bot.holidays.round']}.editor"
    if editor not in state:
        days = pd.to_datetime(pd.Series(state["bot.holidays.rows"], dtype="object"))
        state["bot.holidays"] = pd.DataFrame({"date": days})
    edited = st.data_editor(
        state["bot.holidays"], key=editor, num_rows="dynamic",
        column_config={"date": st.column_config.DateColumn(t("bot.holiday"), required=True, format="localized")},
        hide_index=True, disabled=locked, width=280,
    )  # fmt: skip
    days = pd.to_datetime(edited["date"]).dropna()
    state["bot.holidays.rows"] = [day.date().isoformat() for day in sorted(set(days))]
    if not faults():
        hours = OpeningHours.model_validate(document())
        now = "always" if not hours.week else "open" if is_open(hours, datetime.now(UTC), time_zone) else "closed"
        st.caption(t(f"bot.hours_{now}", zone=time_zone))


def described(value: Mapping[str, Any]) -> str:
    """The setting's JSON value in words, a line a day."""
    lines = [f"{t(f'bot.day_{day}')}: {words}" for day, words in _by_day(value).items() if words]
    if not lines:
        lines = [t("bot.hours_always")]
    if value["holidays"]:
        lines.append(f"{t('bot.holidays')}: {', '.join(value['holidays'])}")
    return "\n".join(lines)


def _by_day(value: Mapping[str, Any]) -> dict[int, str]:
    hours = OpeningHours.model_validate(value)
    return {
        day: ", ".join(f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in hours.week if one.day == day) for day in _DAYS
    }
