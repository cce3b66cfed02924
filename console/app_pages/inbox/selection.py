"""Which conversation is open, in this tab and in its address.

Browsers open conversations by themselves and count their clicks (`desk` of dom.js). Whatever is drawn says how many of
them the server had heard of, so that a run begun before a click does not bring the conversation before it back.
"""

from __future__ import annotations

import secrets

import streamlit as st

from console.url_state import row_number

state = st.session_state
PAGE = 60  # messages


def chosen() -> int | None:
    found: int | None = state.get("conversation")
    return found


def choose(conversation_id: int | None, clicks: int | None = None) -> None:
    """Open one, or none; `clicks` where a browser already shows it."""
    state["conversation"] = conversation_id
    state["shown"] = PAGE
    if clicks is not None:
        state["heard"] = clicks
    if conversation_id is None:
        st.query_params.pop("c", None)
    else:
        st.query_params["c"] = str(conversation_id)


def follow_address() -> None:
    """Open what the address says on coming to the inbox, or have it say what is open.

    Within the inbox browsers follow Back and Forward by themselves and tell of it, as of a click.
    """
    asked = row_number(st.query_params.get("c", ""))
    if asked is not None and (state.get("arrived", True) or "conversation" not in state):
        if asked != chosen():
            choose(asked)
    elif "c" not in st.query_params and (open_now := chosen()) is not None:
        st.query_params["c"] = str(open_now)


def told() -> dict[str, object]:
    """What the components of an open conversation are told of the browser's own clicks and acts.

    `session` is another one after a connection was lost for good: browsers count from nothing then.
    """
    session = state.setdefault("desk_session", secrets.token_hex(8))
    return {"session": session, "heard": state.get("heard", 0), "acted": state.get("acted", 0)}


def shown() -> int:
    """How many of its messages are shown."""
    number: int = state.get("shown", PAGE)
    return number


def show_older() -> None:
    state["shown"] = shown() + PAGE
