"""Teams: groups of agents to which conversations can be assigned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Agent, Channel, Conversation, ConversationStatus, Team, TeamMember
from core.platform.db import business_of
from core.platform.errors import Conflict, Invalid, NotFound

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team with the ids of its members and of the channels whose hand-offs it gets.

    `open_conversations` counts the team's conversations that are not closed.
    """

    id: int
    name: str
    members: Sequence[int]
    channels: Sequence[int]
    open_conversations: int


def teams(session: Session) -> Sequence[TeamFacts]:
    """Return the teams of the business, by name. Disabled members are included."""
    members = (
        select(func.coalesce(func.array_agg(TeamMember.agent_id), []))
        .where(TeamMember.team_id == Team.id)
        .scalar_subquery()
    )
    channels = select(func.coalesce(func.array_agg(Channel.id), [])).where(Channel.team_id == Team.id).scalar_subquery()
    open_count = (
        select(func.count())
        .where(Conversation.team_id == Team.id, Conversation.status != ConversationStatus.CLOSED)
        .scalar_subquery()
    )
    rows = session.execute(select(Team.id, Team.name, members, channels, open_count).order_by(func.lower(Team.name)))
    return [TeamFacts(*row) for row in rows]


def create(session: Session, name: str) -> int:
    """Create a team. Returns its id. Raises `Invalid`, `Conflict`."""
    name = _clean_name(name)
    try:
        with session.begin_nested():
            team_id = session.execute(insert(Team).values(name=name).returning(Team.id)).scalar_one()
    except IntegrityError:
        raise Conflict("team_name_taken", f"There is a team {name} already.") from None
    audit_log.record(session, "team.create", f"team:{team_id}", name=name)
    return team_id


def rename(session: Session, team_id: int, name: str) -> None:
    """Rename a team. Raises `NotFound`, `Invalid`, `Conflict`."""
    team = lock(session, team_id)
    before, name = team.name, _clean_name(name)
    try:
        with session.begin_nested():
            team.name = name
            session.flush()
    except IntegrityError:
        raise Conflict("team_name_taken", f"There is a team {name} already.") from None
    audit_log.record(session, "team.rename", f"team:{team_id}", before=before, after=name)


def remove(session: Session, team_id: int) -> None:
    """Delete a team. Its conversations keep their agents and have no team. Raises `NotFound`."""
    team = lock(session, team_id)
    audit_log.record(session, "team.remove", f"team:{team_id}", name=team.name)
    session.delete(team)
    session.flush()


def set_members(session: Session, team_id: int, agent_ids: Collection[int]) -> None:
    """Replace the members. Raises `NotFound`: no such team, or an agent is not of this business."""
    lock(session, team_id)
    ids = set(agent_ids)
    existing = set(session.scalars(select(Agent.id).where(Agent.id.in_(ids))))
    if unknown := ids - existing:
        raise NotFound(f"No agent {min(unknown)}.")
    session.execute(delete(TeamMember).where(TeamMember.team_id == team_id))
    if ids:
        session.execute(
            insert(TeamMember),
            [{"business_id": business_of(session), "team_id": team_id, "agent_id": one} for one in ids],
        )
    audit_log.record(session, "team.set_members", f"team:{team_id}", members=sorted(ids))


def set_channels(session: Session, team_id: int, channel_ids: Collection[int]) -> None:
    """Replace the channels whose hand-offs go to this team.

    A channel has one team: it is removed from any other. Raises `NotFound`: no such team or channel.
    """
    lock(session, team_id)
    ids = set(channel_ids)
    existing = set(session.scalars(select(Channel.id).where(Channel.id.in_(ids))))
    if unknown := ids - existing:
        raise NotFound(f"No channel {min(unknown)}.")
    session.execute(
        update(Channel)
        .where((Channel.team_id == team_id) | Channel.id.in_(ids))
        .values(team_id=case((Channel.id.in_(ids), team_id), else_=None))
        .execution_options(synchronize_session=False)
    )
    audit_log.record(session, "team.set_channels", f"team:{team_id}", channels=sorted(ids))


def lock(session: Session, team_id: int) -> Team:
    """Return the team, locked until commit. Raises `NotFound`."""
    team = session.scalars(select(Team).where(Team.id == team_id).with_for_update()).one_or_none()
    if team is None:
        raise NotFound(f"No team {team_id}.")
    return team


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid("invalid_team_name", f"A team's name has 1 to {LONGEST_NAME} characters.")
    return name
