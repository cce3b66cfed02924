"""What people do to their own account."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import sessions, two_factor, users


def set_password(present: str, password: str) -> None:
    """Choose a password, and sign out everywhere else. Raises `NotAllowed`, `WrongPassword`, `UnacceptablePassword`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        users.check_password(session, agent.id, present)
        users.set_password(session, agent.id, password)
        sessions.revoke_others(session, agent.id, agent.session_id)
    auth.forget()


def rename(name: str) -> None:
    """Change what one is called. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        users.rename(session, agent.id, name)
    auth.forget()


def set_language(language: str) -> None:
    """Choose the console's language. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        users.set_language(session, agent.id, language)
    auth.forget()


def revoke_session(session_id: int) -> None:
    """Sign out in one of one's own browsers. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        sessions.revoke_session(session, agent.id, session_id)
    auth.forget()


def revoke_others() -> None:
    """Sign out everywhere but here. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        sessions.revoke_others(session, agent.id, agent.session_id)


def enrol_second_factor(present: str, secret: str, code: str) -> list[str]:
    """Ask for codes from now on, and sign out everywhere else. Returns the recovery codes.

    A session that somebody left open or lost must not be enough to lock its owner out: the password is asked for.

    Raises `NotAllowed`, `WrongPassword`, `WrongCode`.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        users.check_password(session, agent.id, present)
        codes = two_factor.enrol(session, agent.id, secret, code)
        sessions.revoke_others(session, agent.id, agent.session_id)
    auth.forget()
    return codes


def remove_second_factor(present: str) -> None:
    """Raises `NotAllowed`, `WrongPassword`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        users.check_password(session, agent.id, present)
        two_factor.remove(session, agent.id, f"agent:{agent.id}")
    auth.forget()
