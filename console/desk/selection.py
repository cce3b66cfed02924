"""Which conversation is before somebody, in this tab and in its address."""

from __future__ import annotations

import streamlit as st

state = st.session_state
PAGE = 60  # messages


def chosen() -> int | None:
    found: int | None = state.get("conversation")
    return found


def choose(conversation_id: int) -> None:
    state["conversation"] = conversation_id
    state["shown"] = PAGE
    st.query_params["c"] = str(conversation_id)


def follow_address() -> None:
    """At a first look: what the address says."""
    if "conversation" not in state and str(st.query_params.get("c", "")).isdigit():
        state["conversation"] = int(st.query_params["c"])


def shown() -> int:
    """How many of its messages are shown."""
    number: int = state.get("shown", PAGE)
    return number


def show_older() -> None:
    state["shown"] = shown() + PAGE
