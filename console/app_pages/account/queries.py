"""Queries of the account page."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import sessions
from core.accounts.sessions import OpenSession


def open_sessions() -> list[OpenSession]:
    """Return the agent's open sessions."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        return sessions.sessions_of(session, agent.id)
