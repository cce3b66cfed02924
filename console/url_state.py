"""Widget state in the URL, with language-independent values."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

state = st.session_state
_LONGEST_NUMBER = 18  # digits of the largest row id


def begin(key: str, choices: Sequence[str], default: str | None) -> None:
    """Call before drawing a widget: initialize it from the URL at first, or when its options change."""
    if key not in state or state[key] not in (default, *choices):
        said = st.query_params.get(key)
        state[key] = said if said in choices else default


def keep(key: str, default: str | None) -> None:
    """Call after drawing a widget: write its value to the URL, unless it is the default."""
    chosen = state.get(key)
    if chosen in (default, None):
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != chosen:
        st.query_params[key] = str(chosen)


def row_number(said: str) -> int | None:
    """Parse a row id from the URL; None if invalid ("²", a number that is too long)."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= _LONGEST_NUMBER else None
