"""What people do to their own account."""

from __future__ import annotations

from console import auth
from core.db import transaction
from core.people import agents, sessions


def set_password(password: str) -> None:
    """Choose a password, and sign out everywhere else. Raises `NotAllowed`, `UnacceptablePassword`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        agents.set_password(session, agent.id, password)
        sessions.revoke_others(session, agent.id, agent.session_id)


def set_language(language: str) -> None:
    """Choose the console's language. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        agents.set_language(session, agent.id, language)
    auth.forget()


def revoke_session(session_id: int) -> None:
    """Sign out in one of one's own browsers. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        sessions.revoke_session(session, agent.id, session_id)
    auth.forget()
