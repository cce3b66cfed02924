"""Teams: groups of people that conversations can be given to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Agent, Channel, Conversation, ConversationStatus, Team, TeamMember
from core.platform.errors import BotHubError, Conflict, NotFound

LONGEST_NAME = 60


class UnacceptableTeam(BotHubError):
    """A team's name is empty or too long."""


class TeamNameTaken(Conflict):
    """Another team has this name, whatever its capitals."""


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team with the ids of its members, and of the channels whose hand-overs go to it.

    `open_conversations` are those that belong to it.
    """

    id: int
    name: str
    members: Sequence[int]
    channels: Sequence[int]
    open_conversations: int


def teams(session: Session) -> Sequence[TeamFacts]:
    """The teams of the business by name. Members who are disabled are told too."""
    members = (
        select(func.coalesce(func.array_agg(TeamMember.agent_id), []))
        .where(TeamMember.team_id == Team.id)
        .scalar_subquery()
    )
    channels = select(func.coalesce(func.array_agg(Channel.id), [])).where(Channel.team_id == Team.id).scalar_subquery()
    held = (
        select(func.count())
        .where(Conversation.team_id == Team.id, Conversation.status != ConversationStatus.CLOSED)
        .scalar_subquery()
    )
    rows = session.execute(select(Team.id, Team.name, members, channels, held).order_by(func.lower(Team.name)))
    return [TeamFacts(*row) for row in rows]


def create(session: Session, business_id: int, actor: str, name: str) -> int:
    """Returns the team's id. Raises `UnacceptableTeam`, `TeamNameTaken`."""
    name = _acceptable(name)
    try:
        with session.begin_nested():
            team_id = session.execute(
                insert(Team).values(business_id=business_id, name=name).returning(Team.id)
            ).scalar_one()
    except IntegrityError:
        raise TeamNameTaken(f"There is a team {name} already.") from None
    audit_log.record(session, business_id, actor, "team.create", f"team:{team_id}", name=name)
    return team_id


def rename(session: Session, business_id: int, actor: str, team_id: int, name: str) -> None:
    """Raises `NotFound`, `UnacceptableTeam`, `TeamNameTaken`."""
    team = lock(session, team_id)
    before, name = team.name, _acceptable(name)
    try:
        with session.begin_nested():
            team.name = name
            session.flush()
    except IntegrityError:
        raise TeamNameTaken(f"There is a team {name} already.") from None
    audit_log.record(session, business_id, actor, "team.rename", f"team:{team_id}", before=before, after=name)


def remove(session: Session, business_id: int, actor: str, team_id: int) -> None:
    """Its conversations stay, with whoever has them, and belong to no team. Raises `NotFound`."""
    team = lock(session, team_id)
    audit_log.record(session, business_id, actor, "team.remove", f"team:{team_id}", name=team.name)
    session.delete(team)
    session.flush()


def set_members(session: Session, business_id: int, actor: str, team_id: int, agent_ids: Collection[int]) -> None:
    """Exactly these people. Raises `NotFound`: no such team, or one of them is not of this business."""
    lock(session, team_id)
    wanted = set(agent_ids)
    known = set(session.scalars(select(Agent.id).where(Agent.id.in_(wanted), Agent.business_id == business_id)))
    if unknown := wanted - known:
        raise NotFound(f"No agent {min(unknown)}.")
    session.execute(delete(TeamMember).where(TeamMember.team_id == team_id))
    if wanted:
        session.execute(
            insert(TeamMember), [{"business_id": business_id, "team_id": team_id, "agent_id": one} for one in wanted]
        )
    audit_log.record(session, business_id, actor, "team.set_members", f"team:{team_id}", members=sorted(wanted))


def set_channels(session: Session, business_id: int, actor: str, team_id: int, channel_ids: Collection[int]) -> None:
    """What the bot hands over on exactly these channels goes to this team, from now on.

    A channel has one team: another's is taken from it. Raises `NotFound`: no such team or channel.
    """
    lock(session, team_id)
    wanted = set(channel_ids)
    known = set(session.scalars(select(Channel.id).where(Channel.id.in_(wanted), Channel.business_id == business_id)))
    if unknown := wanted - known:
        raise NotFound(f"No channel {min(unknown)}.")
    session.execute(
        update(Channel)
        .where(Channel.business_id == business_id, (Channel.team_id == team_id) | Channel.id.in_(wanted))
        .values(team_id=case((Channel.id.in_(wanted), team_id), else_=None))
        .execution_options(synchronize_session=False)
    )
    audit_log.record(session, business_id, actor, "team.set_channels", f"team:{team_id}", channels=sorted(wanted))


def lock(session: Session, team_id: int) -> Team:
    team = session.scalars(select(Team).where(Team.id == team_id).with_for_update()).one_or_none()
    if team is None:
        raise NotFound(f"No team {team_id}.")
    return team


def _acceptable(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise UnacceptableTeam(f"A team's name has 1 to {LONGEST_NAME} characters.")
    return name
