"""Opening hours form: a line of shifts per day and a table of holidays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import pandas as pd
import streamlit as st

from console.dates import TYPED
from console.dates import day as written_day
from console.i18n import current, t
from core.accounts.business_hours import is_open
from core.accounts.opening_hours import OpeningHours

state = st.session_state
_DAYS = range(7)
_TIME = r"(\d{1,2})[:.h](\d{2})"
_SHIFT = re.compile(rf"{_TIME}\s*(?:[-–—]|a|to|às|até)\s*{_TIME}")


def load(value: Mapping[str, Any]) -> None:
    """Fill the fields from the setting's JSON value."""
    for day, words in _by_day(value).items():
        state[f"bot.hours.{day}"] = words
    state["bot.holidays.round"] = state.get("bot.holidays.round", 0) + 1
    state["bot.holidays.rows"] = list(value["holidays"])


def document() -> dict[str, Any]:
    """Return the input as the setting's JSON value. Unreadable days are reported by `faults`."""
    week = [
        {"day": day, "opens": opens.isoformat(), "closes": closes.isoformat()}
        for day in _DAYS
        for opens, closes in shifts(state[f"bot.hours.{day}"]) or ()
    ]
    return {"week": week, "holidays": state["bot.holidays.rows"]}


def faults() -> list[str]:
    """Return readable errors of the lines."""
    unread = [day for day in _DAYS if shifts(state[f"bot.hours.{day}"]) is None]
    return [f"{t('bot.opening_hours')}, {t(f'bot.day_{day}')}: {t('bot.fault_hours')}" for day in unread]


def shifts(words: str) -> list[tuple[time, time]] | None:
    """Parse shifts such as "09:00-13:00, 16.00 a 20.00"; None if unreadable. 24:00 is midnight."""
    found = []
    for part in re.split(r"[,;]", words):
        if not part.strip():
            continue
        match = _SHIFT.fullmatch(part.strip().lower())
        if match is None:
            return None
        start_hour, start, end_hour, end = (int(group) for group in match.groups())
        midnight = (end_hour, end) == (24, 0)
        try:
            found.append((time(start_hour, start), time() if midnight else time(end_hour, end)))
        except ValueError:
            return None
    return found


def draw(*, locked: bool, time_zone: str) -> None:
    """Draw the fields and whether somebody is available now."""
    st.caption(t("bot.hours_lead"))
    empty = t("bot.closed" if any(state[f"bot.hours.{day}"].strip() for day in _DAYS) else "bot.somebody")
    for pair in (_DAYS[0:2], _DAYS[2:4], _DAYS[4:6], _DAYS[6:7]):  # in the order of the week, on a phone too
        for day, column in zip(pair, st.columns(2), strict=False):
            with column:
                _day(day, empty, locked=locked)
    st.markdown(f"**{t('bot.holidays')}**", help=t("bot.holidays_help"))
    editor = f"bot.holidays.{state['bot.holidays.round']}.editor"
    if editor not in state:
        days = pd.to_datetime(pd.Series(state["bot.holidays.rows"], dtype="object"))
        state["bot.holidays"] = pd.DataFrame({"date": days})
    edited = st.data_editor(
        state["bot.holidays"], key=editor, num_rows="dynamic",
        column_config={"date": st.column_config.DateColumn(t("bot.holiday"), required=True, format=TYPED[current()])},
        hide_index=True, disabled=locked, width=280,
    )  # fmt: skip
    days = pd.to_datetime(edited["date"]).dropna()
    state["bot.holidays.rows"] = [day.date().isoformat() for day in sorted(set(days))]
    if not faults():
        hours = OpeningHours.model_validate(document())
        now = "open" if is_open(hours, datetime.now(UTC), time_zone) else "closed"
        if not hours.week:
            now = "always_holidays" if hours.holidays else "always"
        st.caption(t(f"bot.hours_{now}", zone=time_zone))


def _day(day: int, empty: str, *, locked: bool) -> None:
    """Draw a day's line. `empty` is the hint for an empty line."""
    st.text_input(t(f"bot.day_{day}"), key=f"bot.hours.{day}", disabled=locked, max_chars=200, placeholder=empty)
    if shifts(state[f"bot.hours.{day}"]) is None:
        st.caption(f":red[{t('bot.unread_hours')}]")


def described(value: Mapping[str, Any]) -> str:
    """Return the setting's JSON value as text, a line per day."""
    lines = [f"{t(f'bot.day_{day}')}: {words}" for day, words in _by_day(value).items() if words]
    if not lines:
        lines = [t("bot.hours_always")]
    if value["holidays"]:
        days = (written_day(date.fromisoformat(one)) for one in value["holidays"])
        lines.append(f"{t('bot.holidays')}: {', '.join(days)}")
    return "\n".join(lines)


def _by_day(value: Mapping[str, Any]) -> dict[int, str]:
    hours = OpeningHours.model_validate(value)
    return {
        day: ", ".join(f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in hours.week if one.day == day) for day in _DAYS
    }
