"""Administration of agents: invite, change roles, disable and enable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from core.accounts import api_keys, audit_log, sessions, users
from core.models import Agent, AgentToken, Conversation, ConversationStatus, Role, Team, TeamMember, TokenKind
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.scope import Actor, current_scope

INVITATION_LASTS = timedelta(days=7)
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Person:
    """An agent. `joined`: they set a password. `open_conversations` counts those assigned; `teams` are names."""

    id: int
    name: str
    email: str
    role: Role
    language: str | None
    joined: bool
    second_factor: bool
    disabled_at: datetime | None
    locked_until: datetime | None
    last_seen_at: datetime | None
    open_conversations: int
    teams: Sequence[str]


def everyone(session: Session) -> Sequence[Person]:
    """Return all agents of the business, active ones first, by name."""
    last_seen = (
        select(func.max(func.coalesce(AgentToken.last_seen_at, AgentToken.created_at)))
        .where(AgentToken.agent_id == Agent.id, AgentToken.kind == TokenKind.SESSION)
        .scalar_subquery()
    )
    open_count = (
        select(func.count())
        .where(Conversation.assignee_id == Agent.id, Conversation.status != ConversationStatus.CLOSED)
        .scalar_subquery()
    )
    teams = (
        select(func.coalesce(func.array_agg(aggregate_order_by(Team.name, func.lower(Team.name))), []))
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.agent_id == Agent.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Agent, last_seen, open_count, teams).order_by(Agent.disabled_at.is_not(None), func.lower(Agent.name))
    )
    return [
        Person(
            id=agent.id,
            name=agent.name,
            email=agent.email,
            role=Role(agent.role),
            language=agent.language,
            joined=agent.password_hash is not None,
            second_factor=agent.totp is not None,
            disabled_at=agent.disabled_at,
            locked_until=agent.locked_until,
            last_seen_at=last_seen_at,
            open_conversations=open_conversations,
            teams=of_teams,
        )
        for agent, last_seen_at, open_conversations, of_teams in rows
    ]


def invite(session: Session, name: str, email: str, role: Role) -> str:
    """Add an agent. Returns the token of a one-time login link, valid for a week and not shown again.

    Raises:
        Invalid: the name or address is invalid.
        Conflict: another agent uses this address.
    """
    name, email = " ".join(name.split()), email.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid("invalid_person", f"A name has 1 to {LONGEST_NAME} characters.")
    before, at, after = email.partition("@")
    if not (before and at and after) or any(one.isspace() or one == "\0" for one in email) or len(email) > 254:
        raise Invalid("invalid_person", "That is not an e-mail address.")
    agent_id = users.create_agent(session, name=name, email=email, role=role)
    audit_log.record(session, "agent.invite", f"agent:{agent_id}", email=email, role=role)
    return sessions.make_link(session, agent_id, INVITATION_LASTS)


def new_link(session: Session, agent_id: int) -> str:
    """Return a new login link, for a lost link or password. Raises `NotFound`, `Conflict`."""
    person = _lock(session, agent_id)
    if person.disabled_at is not None:
        raise Conflict("person_disabled", f"{person.name} is disabled: enable them first.")
    audit_log.record(session, "agent.link", f"agent:{agent_id}")
    return sessions.make_link(session, agent_id, INVITATION_LASTS)


def set_role(session: Session, agent_id: int, role: Role) -> None:
    """Change an agent's role. Raises `NotFound`, `Conflict`."""
    person = _lock(session, agent_id)
    if person.role == role:
        return
    if person.role == Role.ADMINISTRATOR:
        _needs_another_administrator(session, agent_id)
    audit_log.record(session, "agent.set_role", f"agent:{agent_id}", before=person.role, after=role.value)
    person.role = role
    session.flush()


def disable(session: Session, agent_id: int) -> None:
    """Disable an agent: end their sessions and links and revoke the API keys they created, which they may still have.

    Their conversations stay assigned to them.

    Raises:
        NotFound: no such agent.
        Conflict: the actor is the agent.
        Conflict: no other administrator would be left.
    """
    person = _lock(session, agent_id)
    if current_scope(session).actor == Actor.agent(agent_id):
        raise Conflict("cannot_disable_self", "Nobody can disable themselves: ask another administrator.")
    if person.disabled_at is not None:
        return
    if person.role == Role.ADMINISTRATOR:
        _needs_another_administrator(session, agent_id)
    person.disabled_at = func.now()
    session.flush()
    sessions.revoke_all(session, agent_id)
    keys = api_keys.revoke_made_by(session, agent_id)
    audit_log.record(session, "agent.disable", f"agent:{agent_id}", keys_revoked=keys)


def enable(session: Session, agent_id: int) -> None:
    """Enable an agent and lift a lock-out. Raises `NotFound`."""
    person = _lock(session, agent_id)
    person.disabled_at = person.locked_until = None
    person.failed_sign_ins = 0
    session.flush()
    audit_log.record(session, "agent.enable", f"agent:{agent_id}")


def _needs_another_administrator(session: Session, agent_id: int) -> None:
    """Raise `Conflict` unless there is another, and lock the others until commit.

    The lock prevents two administrators from removing each other at the same time.
    """
    others = session.scalars(
        select(Agent.id)
        .where(Agent.role == Role.ADMINISTRATOR, Agent.disabled_at.is_(None), Agent.id != agent_id)
        .order_by(Agent.id)
        .with_for_update()
    ).all()
    if not others:
        raise Conflict("last_administrator", "This is the last administrator: make somebody else one first.")


def _lock(session: Session, agent_id: int) -> Agent:
    person = session.scalars(select(Agent).where(Agent.id == agent_id).with_for_update()).one_or_none()
    if person is None:
        raise NotFound(f"No agent {agent_id}.")
    return person
