"""Editable tables for list settings, with a search filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.text.normalize import fold

state = st.session_state
_PLACE = "place"  # hidden column with the row's position in the list

Row = dict[str, Any]


def load(field: str, rows: Sequence[Row]) -> None:
    """Set the table's rows, discarding edits."""
    state[f"bot.{field}.rows"] = list(rows)
    state[f"bot.{field}.round"] = state.get(f"bot.{field}.round", 0) + 1


def rows(field: str) -> list[Row]:
    """Return all rows, regardless of the filter."""
    found: list[Row] = state[f"bot.{field}.rows"]
    return found


def matching(found: Sequence[Row], query: str) -> list[int]:
    """Return the positions of rows that contain every query word, ignoring accents and case."""
    words = fold(query).split()
    said = [fold(" ".join(cell for cell in row.values() if isinstance(cell, str))) for row in found]
    return [place for place, text in enumerate(said) if all(word in text for word in words)]


def draw(field: str, columns: Mapping[str, Any], *, locked: bool, query: str = "") -> None:
    """Draw an editor for the rows that match the query; others are unchanged."""
    editor, drawn = f"bot.{field}.{state[f'bot.{field}.round']}.{query}.editor", f"bot.{field}.drawn"
    if editor not in state or drawn not in state:  # after a redraw the editor has lost its edits, the rows have not
        whole = rows(field)
        places = matching(whole, query)
        frame = pd.DataFrame([whole[place] for place in places], columns=list(columns))
        frame[_PLACE] = pd.array(places, dtype="Int64")
        state[drawn] = (whole, frame)
    whole, frame = state[drawn]
    edited = st.data_editor(
        frame, key=editor, num_rows="dynamic", column_config={**columns, _PLACE: None}, hide_index=True,
        disabled=locked, width="stretch",
    )  # fmt: skip
    state[f"bot.{field}.rows"] = merged(whole, set(frame[_PLACE]), edited.to_dict("records"))


def merged(whole: Sequence[Row], shown: set[int], edited: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Merge edits into the list: rows keep their position, removed ones are dropped, new ones come last."""
    kept: dict[int, Row] = {place: row for place, row in enumerate(whole) if place not in shown}
    new = []
    for one in edited:
        row = {name: _cell(cell) for name, cell in one.items() if name != _PLACE}
        if not any(isinstance(cell, str) and cell.strip() for cell in row.values()):
            continue
        if pd.isna(one[_PLACE]):
            new.append(row)
        else:
            kept[int(one[_PLACE])] = row
    return [kept[place] for place in sorted(kept)] + new


def _cell(cell: Any) -> Any:
    """Normalize a cell: empty cells of new rows are None or NaN."""
    return bool(cell) if isinstance(cell, bool) else cell if isinstance(cell, str) else False if cell is None else ""
