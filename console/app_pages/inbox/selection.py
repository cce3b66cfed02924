"""Open conversation of this tab, in the session and the URL.

Browsers open conversations on their own and count their clicks (`desk` in dom.js). Every draw carries the number of
clicks the server has received, so that a run started before a click does not bring the previous conversation back.
"""

from __future__ import annotations

import secrets

import streamlit as st

from console.url_state import row_number

state = st.session_state
PAGE = 60  # messages


def chosen() -> int | None:
    """Return the id of the open conversation, None for none."""
    found: int | None = state.get("conversation")
    return found


def choose(conversation_id: int | None, clicks: int | None = None) -> None:
    """Open a conversation, or none; `clicks` is set if a browser already shows it."""
    state["conversation"] = conversation_id
    state["shown"] = PAGE
    if clicks is not None:
        state["heard"] = clicks
    if conversation_id is None:
        st.query_params.pop("c", None)
    else:
        st.query_params["c"] = str(conversation_id)


def follow_address() -> None:
    """On arrival open the conversation of the URL, or put the open one into the URL.

    Inside the inbox the browser handles Back and Forward itself and reports them like clicks.
    """
    asked = row_number(st.query_params.get("c", ""))
    if asked is not None and (state.get("arrived", True) or "conversation" not in state):
        if asked != chosen():
            choose(asked)
    elif "c" not in st.query_params and (open_now := chosen()) is not None:
        st.query_params["c"] = str(open_now)


def client_state() -> dict[str, object]:
    """Return the number of received clicks for the components of the open conversation.

    `session` changes after the Streamlit session was lost: browsers then reset their count.
    """
    session = state.setdefault("desk_session", secrets.token_hex(8))
    return {"session": session, "heard": state.get("heard", 0)}


def message_limit() -> int:
    """Return how many messages are shown."""
    number: int = state.get("shown", PAGE)
    return number


def show_older() -> None:
    """Load another page of older messages."""
    state["shown"] = message_limit() + PAGE
