"""Who is looking at this page: the cookie comes with the connection, and the database says what it is worth."""

from __future__ import annotations

import time

import streamlit as st

from console.db import system_transaction
from console.http.security import COOKIE
from core.accounts import sessions
from core.accounts.sessions import CurrentAgent
from core.models import Role
from core.platform.errors import BotHubError

_FRESH_SECONDS = 30

EVERYBODY = frozenset(Role)
MANAGERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


class NotAllowed(BotHubError):
    """The session ended, or this person's role does not allow it."""


def token() -> str:
    """The cookie this browser connected with."""
    return st.context.cookies.get(COOKIE, "")


def current_agent(*, fresh: bool = False) -> CurrentAgent | None:
    """The person who is signed in, at most 30 seconds old unless `fresh`."""
    state = st.session_state
    if not fresh and "_agent" in state and time.monotonic() - state["_agent_at"] < _FRESH_SECONDS:
        known: CurrentAgent | None = state["_agent"]
        return known
    with system_transaction() as session:
        agent = sessions.session_agent(session, token())
    state["_agent"], state["_agent_at"] = agent, time.monotonic()
    return agent


def forget() -> None:
    """Ask the database again at the next look, after something about this person changed."""
    st.session_state.pop("_agent", None)


def require(*roles: Role, fresh: bool = False) -> CurrentAgent:
    """Whoever is signed in, with one of `roles` if any are named. For reading; writing asks with `fresh`.

    Raises:
        NotAllowed: nobody is, or the role is another one.
    """
    agent = current_agent(fresh=fresh)
    if agent is None or (roles and agent.role not in roles):
        raise NotAllowed("You are signed out, or your role does not allow this.")
    return agent
