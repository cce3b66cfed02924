"""Open conversation of this tab, in the session and the URL.

Browsers open conversations on their own, and tell of it. The server orders them to open one on arrival at a URL, and
after a button of its own: an order has a token, so that a browser obeys it once.
"""

from __future__ import annotations

import secrets

import streamlit as st

from console.url_state import row_number

state = st.session_state


def chosen() -> int | None:
    """Return the open conversation's id, None if none is open."""
    found: int | None = state.get("conversation")
    return found


def note(conversation_id: int | None) -> None:
    """Keep which conversation the browser opened, or that none is open."""
    state["conversation"] = conversation_id
    if conversation_id is None:
        st.query_params.pop("c", None)
    else:
        st.query_params["c"] = str(conversation_id)


def open_for_viewer(conversation_id: int) -> None:
    """Order the browser to open a conversation. Rerun the fragment "opened" afterwards."""
    note(conversation_id)
    state["open_order"] = secrets.token_hex(8)


def order() -> dict[str, object]:
    """Return the last order to the browser: the open conversation, once for its token."""
    token: str = state.setdefault("open_order", secrets.token_hex(8))
    return {"token": token, "conversation": chosen()}


def follow_address() -> None:
    """On arrival open the conversation of the URL, or put the open one into the URL.

    Inside the inbox the browser handles Back and Forward itself and reports them like clicks.
    """
    asked = row_number(st.query_params.get("c", ""))
    if asked is not None and (state.get("arrived", True) or "conversation" not in state):
        if asked != chosen():
            open_for_viewer(asked)
    elif "c" not in st.query_params and (open_now := chosen()) is not None:
        st.query_params["c"] = str(open_now)
