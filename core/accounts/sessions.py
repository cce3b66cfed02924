"""Console sessions and one-time login links: random tokens, stored only as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, insert, select, text, update
from sqlalchemy.orm import Session

from core.accounts import audit_log, two_factor, users, visibility
from core.accounts.users import SignedIn
from core.models import Agent, AgentToken, Business, Role, Sees, TokenKind
from core.platform.config import Settings
from core.platform.crypto import new_token, token_hash
from core.platform.db import acting, in_business
from core.platform.errors import ConfigurationError, Conflict, Invalid
from core.platform.scope import Actor, Scope

SESSION_LASTS = timedelta(days=14)
LINK_LASTS = timedelta(hours=24)
CODE_LASTS = timedelta(minutes=5)
_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_USER_AGENT = 300
DEFAULT_ADMINISTRATOR = "admin@localhost"
_FIRST_ADMINISTRATOR_LOCK = 4_207_004
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class CurrentAgent:
    """The signed-in agent and their business. `timezone` is an IANA name.

    `sees` is which conversations they see (`core.accounts.visibility`).
    """

    id: int
    session_id: int
    business_id: int
    business_name: str
    timezone: str
    name: str
    email: str
    role: Role
    language: str | None
    has_password: bool
    second_factor: bool
    sees: Sees

    @property
    def scope(self) -> Scope:
        """Return the scope of what the agent does."""
        return Scope(self.business_id, Actor.agent(self.id))


@dataclass(frozen=True, slots=True)
class LoginResult:
    """The result of a login: a session token or, if a second factor is required, the token to verify it with."""

    token: str
    owes_code: bool


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser that is signed in."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    user_agent: str


def open_session(session: Session, agent_id: int, user_agent: str = "") -> str:
    """Sign an agent in. Returns the token for their cookie."""
    agent = Actor.agent(agent_id)
    with acting(session, agent):
        audit_log.record(session, "session.open", str(agent))
    return _issue(session, agent_id, TokenKind.SESSION, SESSION_LASTS, user_agent)


def start_login(session: Session, who: SignedIn, user_agent: str = "") -> LoginResult:
    """Open a session, or issue a token for the second factor if one is required."""
    with in_business(session, who.business_id):
        if who.owes_code:
            return LoginResult(_issue(session, who.agent_id, TokenKind.CODE, CODE_LASTS), owes_code=True)
        return LoginResult(open_session(session, who.agent_id, user_agent), owes_code=False)


def verify_second_factor(session: Session, token: str, code: str, user_agent: str = "") -> str | None:
    """Verify the second factor. Returns a session token, or None if wrong, expired or locked out."""
    agent = session.scalars(
        select(Agent)
        .join(AgentToken, AgentToken.agent_id == Agent.id)
        .where(_live(token, TokenKind.CODE), Agent.disabled_at.is_(None))
        .where((Agent.locked_until.is_(None)) | (Agent.locked_until < func.now()))
        .with_for_update(of=Agent)
    ).one_or_none()
    if agent is None:
        return None
    if not two_factor.check(agent, code):
        users.count_failure(session, agent)
        return None
    users.reset_failures(session, agent)
    _end(session, _live(token, TokenKind.CODE))
    with in_business(session, agent.business_id):
        return open_session(session, agent.id, user_agent)


def session_agent(session: Session, token: str) -> CurrentAgent | None:
    """Return the agent of a session token, or None if it is unknown, ended or expired, or the agent disabled."""
    row = session.execute(_session_query(), {"hash": token_hash(token)}).one_or_none()
    if row is None:
        return None
    agent, session_id, business_name, timezone, agents_see, needs_touch = row
    if needs_touch:
        _touch(session, session_id)
    return CurrentAgent(
        id=agent.id,
        session_id=session_id,
        business_id=agent.business_id,
        business_name=business_name,
        timezone=timezone,
        name=agent.name,
        email=agent.email,
        role=Role(agent.role),
        language=agent.language,
        has_password=agent.password_hash is not None,
        second_factor=agent.totp is not None,
        sees=visibility.of_role(Role(agent.role), Sees(agents_see)),
    )


@cache
def _session_query() -> Select[Agent, int, str, str, str, bool]:
    """Built once: it runs on every click."""
    return (
        select(Agent, AgentToken.id, Business.name, Business.timezone, Business.agents_see, _needs_touch())
        .join(Agent, Agent.id == AgentToken.agent_id)
        .join(Business, Business.id == AgentToken.business_id)
        .where(_live(bindparam("hash"), TokenKind.SESSION), Agent.disabled_at.is_(None))
    )


def _needs_touch() -> ColumnElement[bool]:
    """Whether `last_seen_at` is more than a minute old."""
    seen = AgentToken.last_seen_at
    return seen.is_(None) | (seen < func.now() - _SEEN_EVERY)


def _touch(session: Session, session_id: int) -> None:
    session.execute(
        update(AgentToken)
        .where(AgentToken.id == session_id, _needs_touch())
        .values(last_seen_at=func.now())
        .execution_options(**_QUIET)
    )


def end_session(session: Session, token: str) -> None:
    """Sign out; a no-op if the session has ended."""
    _end_audited(session, _live(token, TokenKind.SESSION), "session.close")


def _end(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(update(AgentToken).where(which).values(ended_at=func.now()).execution_options(**_QUIET))


def _end_audited(session: Session, which: ColumnElement[bool], action: str) -> None:
    """End tokens of one agent and audit the sessions among them."""
    ended = session.execute(
        update(AgentToken)
        .where(which)
        .values(ended_at=func.now())
        .returning(AgentToken.business_id, AgentToken.agent_id, AgentToken.kind)
        .execution_options(**_QUIET)
    ).all()
    if sessions := [row for row in ended if row.kind == TokenKind.SESSION]:
        agent = Actor.agent(sessions[0].agent_id)
        audit_log.record_in(session, Scope(sessions[0].business_id, agent), action, str(agent), count=len(sessions))


def sessions_of(session: Session, agent_id: int) -> list[OpenSession]:
    """Return an agent's open sessions, newest first."""
    rows = session.execute(
        select(
            AgentToken.id,
            AgentToken.created_at,
            func.coalesce(AgentToken.last_seen_at, AgentToken.created_at),
            func.coalesce(AgentToken.user_agent, ""),
        )
        .where(_open(agent_id, TokenKind.SESSION))
        .order_by(AgentToken.id.desc())
    )
    return [OpenSession(*row) for row in rows]


def revoke_session(session: Session, agent_id: int, session_id: int) -> None:
    """End one of an agent's own sessions; a no-op for another agent's."""
    _end_audited(session, _open(agent_id, TokenKind.SESSION) & (AgentToken.id == session_id), "session.revoke")


def revoke_others(session: Session, agent_id: int, keep_session_id: int) -> None:
    """End all sessions and links of an agent except one session, for example after a password change."""
    others = (AgentToken.agent_id == agent_id) & AgentToken.ended_at.is_(None) & (AgentToken.id != keep_session_id)
    _end_audited(session, others, "session.revoke")


def revoke_all(session: Session, agent_id: int) -> None:
    """End all sessions and links of an agent."""
    _end(session, (AgentToken.agent_id == agent_id) & AgentToken.ended_at.is_(None))


def make_link(session: Session, agent_id: int, lasts: timedelta = LINK_LASTS) -> str:
    """Return the token of a one-time login link. Earlier links of the agent stop working."""
    _end(session, _open(agent_id, TokenKind.LINK))
    return _issue(session, agent_id, TokenKind.LINK, lasts)


def link_is_valid(session: Session, token: str) -> bool:
    """Whether a login link is still valid. Does not consume it."""
    return session.scalar(select(AgentToken.id).where(_live(token, TokenKind.LINK))) is not None


def consume_login_link(session: Session, token: str, user_agent: str = "") -> LoginResult | None:
    """Log in by a one-time link; None if it is used, expired or unknown."""
    agent = session.scalars(
        select(Agent)
        .join(AgentToken, AgentToken.agent_id == Agent.id)
        .where(_live(token, TokenKind.LINK), Agent.disabled_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if agent is None:
        return None
    _end(session, _live(token, TokenKind.LINK))
    return start_login(session, SignedIn(agent.business_id, agent.id, owes_code=agent.totp is not None), user_agent)


def first_administrator(session: Session, settings: Settings) -> str | None:
    """Ensure that an administrator can log in. Call it at every start.

    Creates the administrator of ADMIN_EMAIL and ADMIN_PASSWORD, or one without a password if these are not set.
    While no administrator has a password, returns the token of a new one-time link; earlier links stop working.

    Raises:
        ConfigurationError: ADMIN_PASSWORD cannot be used, or ADMIN_EMAIL belongs to another business.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_ADMINISTRATOR_LOCK})
    administrators = session.scalars(
        select(Agent).where(Agent.role == Role.ADMINISTRATOR, Agent.disabled_at.is_(None)).order_by(Agent.id)
    ).all()
    if any(one.password_hash for one in administrators):
        return None
    email = settings.admin_email.strip().lower() or DEFAULT_ADMINISTRATOR
    chosen = next((one.id for one in administrators if one.email == email), None)
    if chosen is None and (settings.admin_email or not administrators):
        chosen = _create_administrator(session, email)
    if chosen is None:
        chosen = administrators[0].id
    if settings.admin_email and settings.admin_password:
        _set_first_password(session, chosen, settings.admin_password)
        return None
    return make_link(session, chosen)


def _create_administrator(session: Session, email: str) -> int:
    try:
        return users.create_agent(session, name="Administrator", email=email, role=Role.ADMINISTRATOR)
    except Conflict:
        raise ConfigurationError(
            f"ADMIN_EMAIL is wrong: {email} is already somebody who is not an administrator here. Choose another."
        ) from None


def _set_first_password(session: Session, agent_id: int, password: str) -> None:
    try:
        users.set_password(session, agent_id, password)
    except Invalid as error:
        raise ConfigurationError(f"ADMIN_PASSWORD is wrong: {error}") from None


def _issue(session: Session, agent_id: int, kind: TokenKind, lasts: timedelta, user_agent: str = "") -> str:
    token = new_token()
    session.execute(
        insert(AgentToken).values(
            agent_id=agent_id,
            kind=kind,
            token_hash=token_hash(token),
            expires_at=func.now() + lasts,
            user_agent=user_agent[:_LONGEST_USER_AGENT].replace("\0", "") or None,
        )
    )
    return token


def _live(token: str | BindParameter[Any], kind: TokenKind) -> ColumnElement[bool]:
    """`token` is a token, or a bind parameter for its hash."""
    return (
        (AgentToken.token_hash == (token_hash(token) if isinstance(token, str) else token))
        & (AgentToken.kind == kind)
        & AgentToken.ended_at.is_(None)
        & (AgentToken.expires_at > func.now())
    )


def _open(agent_id: int, kind: TokenKind) -> ColumnElement[bool]:
    return (
        (AgentToken.agent_id == agent_id)
        & (AgentToken.kind == kind)
        & AgentToken.ended_at.is_(None)
        & (AgentToken.expires_at > func.now())
    )
