"""Commands of the account page."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import sessions, two_factor, users


def set_password(present: str, password: str) -> None:
    """Set a password and end all other sessions. Raises `NotAllowed`, `Invalid`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        users.check_password(session, agent.id, present)
        users.set_password(session, agent.id, password)
        sessions.revoke_others(session, agent.id, agent.session_id)
    auth.forget()


def rename(name: str) -> None:
    """Change the agent's own name. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        users.rename(session, agent.id, name)
    auth.forget()


def set_language(language: str) -> None:
    """Set the console language. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        users.set_language(session, agent.id, language)
    auth.forget()


def revoke_session(session_id: int) -> None:
    """End one of the agent's own sessions. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        sessions.revoke_session(session, agent.id, session_id)
    auth.forget()


def revoke_others() -> None:
    """End all of the agent's other sessions. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        sessions.revoke_others(session, agent.id, agent.session_id)


def enrol_second_factor(present: str, secret: str, code: str) -> list[str]:
    """Turn on two-step sign-in and end all other sessions. Return the recovery codes.

    The password is required, so that an unattended session is not enough to lock its owner out.

    Raises `NotAllowed`, `Invalid`.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        users.check_password(session, agent.id, present)
        codes = two_factor.enrol(session, agent.id, secret, code)
        sessions.revoke_others(session, agent.id, agent.session_id)
    auth.forget()
    return codes


def remove_second_factor(present: str) -> None:
    """Turn off two-step sign-in. Raises `NotAllowed`, `Invalid`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        users.check_password(session, agent.id, present)
        two_factor.remove(session, agent.id)
    auth.forget()
