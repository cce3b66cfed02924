"""Visibility of conversations: every read or action of a signed-in user checks it here.

Managers, administrators and API keys see every conversation of their business. What agents see is a setting of the
business (`Sees`):

- `all`: every conversation.
- `team`: their own, all of their teams, and those with neither a team nor an owner.
- `own`: their own, and the unassigned ones of their teams.

The current owner and team decide, in any status. A contact, message, file, quote, notification or bot run is visible
if its conversation is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Dialect, ScalarSelect, and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import (
    Agent,
    AIRun,
    Attachment,
    Business,
    ContactMerge,
    Conversation,
    Message,
    Quote,
    Role,
    Sees,
    TeamMember,
)
from core.platform.db import business_of
from core.platform.errors import NotFound

Conditions = tuple[ColumnElement[bool], ...]

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class Viewer(Protocol):
    """A signed-in agent (`core.accounts.sessions.CurrentAgent`)."""

    @property
    def id(self) -> int: ...
    @property
    def sees(self) -> Sees: ...


@dataclass(frozen=True, slots=True)
class Limited:
    """A viewer given by id and setting."""

    id: int
    sees: Sees


def of_role(role: Role, setting: Sees) -> Sees:
    """Return what a role sees, given the business's setting for agents."""
    return setting if role is Role.AGENT else Sees.ALL


def may_see(sees: Sees, agent: Any, owner: ColumnElement[Any], team: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the rule as a condition on an agent (id or column), an owner and a team. Not for `Sees.ALL`."""
    own_team = team.in_(select(TeamMember.team_id).where(TeamMember.agent_id == agent))
    if sees is Sees.TEAM:
        return or_(owner == agent, own_team, and_(owner.is_(None), team.is_(None)))
    return or_(owner == agent, and_(owner.is_(None), own_team))


def seen_by(viewer: Viewer) -> Conditions:
    """Return the conditions to add to a query of `Conversation`; empty for `Sees.ALL`."""
    if viewer.sees is Sees.ALL:
        return ()
    return (may_see(viewer.sees, viewer.id, Conversation.assignee_id.expression, Conversation.team_id.expression),)


def sql(viewer: Viewer) -> str:
    """Return the condition as SQL, for statements in which the table is named `conversations`."""
    return "true" if viewer.sees is Sees.ALL else _compiled(viewer.id, viewer.sees)


@lru_cache(maxsize=1000)
def _compiled(agent_id: int, sees: Sees) -> str:
    (condition,) = seen_by(Limited(agent_id, sees))
    return str(condition.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


def require(session: Session, viewer: Viewer, conversation_id: int | ScalarSelect[Any]) -> None:
    """Raise `NotFound` if the viewer does not see the conversation. Runs no query for `Sees.ALL`."""
    if not sees(session, viewer, conversation_id):
        raise NotFound("No such conversation.")


def sees(session: Session, viewer: Viewer, conversation_id: int | ScalarSelect[Any]) -> bool:
    """Whether the viewer sees the conversation; for `Sees.ALL` True without checking that it exists."""
    seen = seen_by(viewer)
    return not seen or bool(session.scalar(select(exists().where(Conversation.id == conversation_id, *seen))))


def require_message(session: Session, viewer: Viewer, message_id: int) -> None:
    """Raise `NotFound` if the viewer does not see the message."""
    require(session, viewer, select(Message.conversation_id).where(Message.id == message_id).scalar_subquery())


def require_run(session: Session, viewer: Viewer, run_id: int) -> None:
    """Raise `NotFound` if the viewer does not see the bot run."""
    require(session, viewer, select(AIRun.conversation_id).where(AIRun.id == run_id).scalar_subquery())


def require_quote(session: Session, viewer: Viewer, quote_id: int) -> None:
    """Raise `NotFound` if the viewer does not see the quote."""
    require(session, viewer, select(Quote.conversation_id).where(Quote.id == quote_id).scalar_subquery())


def require_contact(session: Session, viewer: Viewer, contact_id: Any) -> None:
    """Raise `NotFound` if the viewer sees none of the contact's conversations."""
    if not sees_contact(session, viewer, contact_id):
        raise NotFound("No such contact.")


def sees_contact(session: Session, viewer: Viewer, contact_id: Any) -> bool:
    """Whether the viewer sees at least one conversation of the contact. `contact_id` may be a subquery."""
    seen = seen_by(viewer)
    return not seen or bool(session.scalar(select(exists().where(Conversation.contact_id == contact_id, *seen))))


def require_merge(session: Session, viewer: Viewer, merge_id: int) -> None:
    """Raise `NotFound` if the viewer does not see the merged contact."""
    require_contact(session, viewer, select(ContactMerge.kept_id).where(ContactMerge.id == merge_id).scalar_subquery())


def require_file(session: Session, viewer: Viewer, attachment_id: int, message_id: int | None = None) -> None:
    """Raise `NotFound` unless the viewer uploaded the file or sees a conversation that contains it.

    `message_id` is a message that may refer to the file: the row of an uploaded file has no message.
    """
    if viewer.sees is Sees.ALL:
        return
    query = select(Attachment.author_id, Attachment.message_id).where(Attachment.id == attachment_id)
    author_id, carrier_id = session.execute(query).one_or_none() or (None, None)
    if author_id == viewer.id:
        return
    if carrier_id is None and message_id is not None and _refers_to(session, message_id, attachment_id):
        carrier_id = message_id
    if carrier_id is None:
        raise NotFound(f"No file {attachment_id}.")
    require_message(session, viewer, carrier_id)


def _refers_to(session: Session, message_id: int, attachment_id: int) -> bool:
    return attachment_id in files_in(session.scalar(select(Message.payload).where(Message.id == message_id)))


def files_in(content: object) -> Iterable[int]:
    """Yield the ids of all files that outbound content refers to, at any depth."""
    if isinstance(content, Mapping):
        if isinstance(file_id := content.get("attachment_id"), int):
            yield file_id
        for part in content.values():
            yield from files_in(part)
    elif isinstance(content, list | tuple):
        for part in content:
            yield from files_in(part)


def seen_among(
    session: Session, sees: Sees, agent_ids: Collection[int], conversation_ids: Collection[int]
) -> dict[int, set[int]]:
    """Return which of these conversations each of these agents sees. Not for `Sees.ALL`."""
    rule = may_see(sees, Agent.id, Conversation.assignee_id.expression, Conversation.team_id.expression)
    rows = session.execute(
        select(Agent.id, Conversation.id)
        .join(Conversation, rule)
        .where(Agent.id.in_(agent_ids), Agent.role == Role.AGENT, Conversation.id.in_(conversation_ids))
    )
    visible: dict[int, set[int]] = {agent_id: set() for agent_id in agent_ids}
    for agent_id, conversation_id in rows:
        visible[agent_id].add(conversation_id)
    return visible


def setting(session: Session) -> Sees:
    """Return the business's setting."""
    return Sees(session.scalars(select(Business.agents_see).where(Business.id == business_of(session))).one())


def set_setting(session: Session, new: Sees) -> None:
    """Change the setting. Open consoles apply it within half a minute."""
    before = setting(session)
    if before is new:
        return
    session.execute(update(Business).where(Business.id == business_of(session)).values(agents_see=new.value))
    subject = f"business:{business_of(session)}"
    audit_log.record(session, "business.visibility", subject, before=before.value, after=new.value)
