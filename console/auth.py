"""Authentication of page runs and requests: the session cookie, checked against the database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
    """The session ended, or the agent's role does not allow this."""

    code = "not_allowed"


def token() -> str:
    """Return the session cookie of the browser's connection."""
    return st.context.cookies.get(COOKIE, "")


_acting: ContextVar[CurrentAgent | None] = ContextVar("acting", default=None)


@contextmanager
def acting(agent: CurrentAgent) -> Iterator[None]:
    """Make this the current agent of a request, which has just read them; page runs read their own."""
    before = _acting.set(agent)
    try:
        yield
    finally:
        _acting.reset(before)


def current_agent(*, fresh: bool = False) -> CurrentAgent | None:
    """Return the signed-in agent, at most 30 seconds old unless `fresh`."""
    if (agent := _acting.get()) is not None:
        return agent
    state = st.session_state
    if not fresh and "_agent" in state and time.monotonic() - state["_agent_at"] < _FRESH_SECONDS:
        known: CurrentAgent | None = state["_agent"]
        return known
    with system_transaction() as session:
        agent = sessions.session_agent(session, token())
    state["_agent"], state["_agent_at"] = agent, time.monotonic()
    return agent


def forget() -> None:
    """Clear the cached agent, after their data changed."""
    st.session_state.pop("_agent", None)


def require(*roles: Role, fresh: bool = False) -> CurrentAgent:
    """Return the signed-in agent, who must have one of `roles` if given. Commands pass `fresh`.

    Raises:
        NotAllowed: nobody is signed in, or the role is not allowed.
    """
    agent = current_agent(fresh=fresh)
    if agent is None or (roles and agent.role not in roles):
        raise NotAllowed("You are signed out, or your role does not allow this.")
    return agent
