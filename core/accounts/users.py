"""Agents: creation, passwords and authentication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Agent, Role
from core.platform.errors import Conflict, Invalid, NotFound

log = structlog.get_logger(__name__)

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256  # hashing time grows with the length: limit what a login can cost
FAILURES_TO_LOCK = 5
LOCKED_FOR = timedelta(minutes=15)

_hasher = PasswordHasher()
_DUMMY_HASH = _hasher.hash("nobody's password")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An authenticated agent. `owes_code`: the second factor is still required."""

    business_id: int
    agent_id: int
    owes_code: bool = False


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent who can be assigned conversations."""

    id: int
    name: str


def colleagues(session: Session) -> list[Colleague]:
    """Return the enabled agents of the business, by name."""
    rows = session.execute(select(Agent.id, Agent.name).where(Agent.disabled_at.is_(None)).order_by(Agent.name))
    return [Colleague(*row) for row in rows]


def create_agent(
    session: Session,
    *,
    name: str,
    email: str,
    role: Role,
    password: str | None = None,
    language: str | None = None,
) -> int:
    """Create an agent. Without a password they log in by a one-time link. Returns their id.

    Raises:
        Conflict: the address is unique across all businesses.
        Invalid: too short or too long.
    """
    password_hash = None if password is None else _hasher.hash(_acceptable(password))
    values = {
        "name": name.strip(),
        "email": _folded(email),
        "role": role,
        "password_hash": password_hash,
        "language": language,
    }
    try:
        with session.begin_nested():
            return session.execute(insert(Agent).values(values).returning(Agent.id)).scalar_one()
    except IntegrityError:
        raise Conflict("address_taken", f"Someone already signs in as {_folded(email)}.") from None


def set_password(session: Session, agent_id: int, password: str) -> None:
    """Set an agent's password and lift a lock-out. The caller decides whether to end other sessions.

    Raises:
        NotFound: no such agent.
        Invalid: too short or too long.
    """
    password_hash = _hasher.hash(_acceptable(password))
    agent = session.get(Agent, agent_id)
    if agent is None:
        raise NotFound(f"No agent {agent_id}.")
    agent.password_hash = password_hash
    agent.failed_sign_ins = 0
    agent.locked_until = None
    session.flush()
    audit_log.record_on(agent, "agent.set_password")


def check_password(session: Session, agent_id: int, password: str) -> None:
    """Raise `Invalid` unless this is the agent's current password, or the agent has none."""
    password_hash = session.scalar(select(Agent.password_hash).where(Agent.id == agent_id))
    if password_hash is not None and not _verify(password_hash, password):
        raise Invalid("wrong_password", "That is not your present password.")


def rename(session: Session, agent_id: int, name: str) -> None:
    """Change the agent's display name; a no-op if empty. Raises `NotFound`."""
    agent = session.get(Agent, agent_id)
    if agent is None:
        raise NotFound(f"No agent {agent_id}.")
    agent.name = " ".join(name.split())[:80] or agent.name
    session.flush()


def set_language(session: Session, agent_id: int, language: str) -> None:
    """Set the agent's console language. Raises `NotFound`."""
    agent = session.get(Agent, agent_id)
    if agent is None:
        raise NotFound(f"No agent {agent_id}.")
    agent.language = language
    session.flush()


def authenticate(session: Session, email: str, password: str, *, known_browser: bool = False) -> SignedIn | None:
    """Return the agent, or None if unknown, wrong, disabled or locked out; callers must not reveal which.

    `known_browser`: the agent has logged in from it before, and the caller limits its attempts. A lock-out does not
    apply there, and its failures do not count towards one.

    The row is locked while the password is checked, so that parallel attempts are counted one by one. An unknown
    address costs the same hashing as a known one.
    """
    agent = _find(session, email)
    now = session.scalar(select(func.now()))
    assert now is not None
    usable = (
        agent is not None
        and agent.disabled_at is None
        and (known_browser or agent.locked_until is None or agent.locked_until < now)
    )
    password_hash = agent.password_hash if agent is not None and usable else None
    matches = _verify(password_hash or _DUMMY_HASH, password)
    if agent is None or not usable or password_hash is None:
        return None
    if not matches:
        if not known_browser:
            count_failure(session, agent)
        return None
    if _hasher.check_needs_rehash(password_hash):
        agent.password_hash = _hasher.hash(password)
    if agent.totp is None:  # else only the second factor resets failures, so that guessed codes are counted
        reset_failures(session, agent)
    session.flush()
    return SignedIn(agent.business_id, agent.id, owes_code=agent.totp is not None)


def find_by_verified_email(session: Session, email: str) -> SignedIn | None:
    """Return the agent with an address verified by the identity provider, or None if unknown or disabled.

    Our own second factor is still required.
    """
    agent = _find(session, email)
    if agent is None or agent.disabled_at is not None:
        return None
    return SignedIn(agent.business_id, agent.id, owes_code=agent.totp is not None)


def _find(session: Session, email: str) -> Agent | None:
    if "\0" in email:  # Postgres rejects NUL in text
        return None
    return session.scalars(
        select(Agent).where(func.lower(Agent.email) == _folded(email)).with_for_update()
    ).one_or_none()


def reset_failures(session: Session, agent: Agent) -> None:
    """Reset the failure counter and lift a lock-out."""
    agent.failed_sign_ins = 0
    agent.locked_until = None
    session.flush()


def count_failure(session: Session, agent: Agent) -> None:
    """Count a failed login of an agent whose row is locked; too many lock the account for `LOCKED_FOR`."""
    agent.failed_sign_ins += 1
    audit_log.record_on(agent, "session.refused")
    if agent.failed_sign_ins >= FAILURES_TO_LOCK:
        agent.failed_sign_ins = 0
        agent.locked_until = func.now() + LOCKED_FOR
        audit_log.record_on(agent, "agent.locked_out")
        log.warning("agent_locked_out", agent_id=agent.id)
    session.flush()


def _verify(password_hash: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _acceptable(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid("invalid_password", f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return password


def _folded(email: str) -> str:
    return email.strip().lower()


def any_has_password(session: Session) -> bool:
    """Whether any agent of the installation has a password. Needs a system transaction."""
    return session.scalar(select(Agent.id).where(Agent.password_hash.is_not(None)).limit(1)) is not None
