"""What is chosen on a page, kept in its address, in words that mean the same in every language."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

state = st.session_state
_LONGEST_NUMBER = 18  # digits: more do not fit a row's id


def begin(key: str, choices: Sequence[str], default: str | None) -> None:
    """Before a widget is drawn: at a first look, or when its choices are others, it shows what the address says."""
    if key not in state or state[key] not in (default, *choices):
        said = st.query_params.get(key)
        state[key] = said if said in choices else default


def keep(key: str, default: str | None) -> None:
    """After it: the address says what is chosen, unless that goes without saying."""
    chosen = state.get(key)
    if chosen in (default, None):
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != chosen:
        st.query_params[key] = str(chosen)


def row_number(said: str) -> int | None:
    """A row's number as an address has it; None for anything that can be none ("²", a number longer than any)."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= _LONGEST_NUMBER else None
