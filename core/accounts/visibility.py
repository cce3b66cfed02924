"""Which conversations a person may see and act on. Whatever shows one to a person, or lets them act, asks here.

Managers and administrators see every conversation of their business, and so do programs with an API key. What agents
see is a setting of the business (`Sees`):

- `all`: every conversation.
- `team`: their own, those of their teams whoever has them, and those that have neither a team nor an owner.
- `own`: their own, and those of their teams that nobody has.

It goes by who has a conversation and which team it belongs to now, whatever its state. A customer, a message, a file,
a quote, a notice or a run of the bot is seen with its conversation.
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
from core.platform.errors import NotFound

Conditions = tuple[ColumnElement[bool], ...]

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class Viewer(Protocol):
    """Somebody who is signed in (`core.accounts.sessions.CurrentAgent`)."""

    @property
    def id(self) -> int: ...
    @property
    def sees(self) -> Sees: ...


@dataclass(frozen=True, slots=True)
class Limited:
    """An agent whose business shows them less than everything."""

    id: int
    sees: Sees


def of_role(role: Role, setting: Sees) -> Sees:
    """What somebody of this role sees where this is the business's setting."""
    return setting if role is Role.AGENT else Sees.ALL


def may_see(sees: Sees, agent: Any, owner: ColumnElement[Any], team: ColumnElement[Any]) -> ColumnElement[bool]:
    """The rule, for an agent (an id or a column) and the columns that tell an owner and a team. Not for `Sees.ALL`."""
    theirs = team.in_(select(TeamMember.team_id).where(TeamMember.agent_id == agent))
    if sees is Sees.TEAM:
        return or_(owner == agent, theirs, and_(owner.is_(None), team.is_(None)))
    return or_(owner == agent, and_(owner.is_(None), theirs))


def seen_by(viewer: Viewer) -> Conditions:
    """What a statement that reads `Conversation` has to add; nothing for whoever sees everything."""
    if viewer.sees is Sees.ALL:
        return ()
    return (may_see(viewer.sees, viewer.id, Conversation.assignee_id.expression, Conversation.team_id.expression),)


def sql(viewer: Viewer) -> str:
    """The same for a statement in SQL that reads the table under its own name, `conversations`."""
    return "true" if viewer.sees is Sees.ALL else _written(viewer.id, viewer.sees)


@lru_cache(maxsize=1000)
def _written(agent_id: int, sees: Sees) -> str:
    (condition,) = seen_by(Limited(agent_id, sees))
    return str(condition.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


def require(session: Session, viewer: Viewer, conversation_id: int | ScalarSelect[Any]) -> None:
    """Raises `NotFound` for a conversation that this person does not see. Costs nothing where they see everything."""
    if not sees(session, viewer, conversation_id):
        raise NotFound("No such conversation.")


def sees(session: Session, viewer: Viewer, conversation_id: int | ScalarSelect[Any]) -> bool:
    """Whether they see it. Not asked whether it is there where they see everything."""
    seen = seen_by(viewer)
    return not seen or bool(session.scalar(select(exists().where(Conversation.id == conversation_id, *seen))))


def require_message(session: Session, viewer: Viewer, message_id: int) -> None:
    """Raises `NotFound`."""
    require(session, viewer, select(Message.conversation_id).where(Message.id == message_id).scalar_subquery())


def require_run(session: Session, viewer: Viewer, run_id: int) -> None:
    """Of the bot. Raises `NotFound`."""
    require(session, viewer, select(AIRun.conversation_id).where(AIRun.id == run_id).scalar_subquery())


def require_quote(session: Session, viewer: Viewer, quote_id: int) -> None:
    """Raises `NotFound`."""
    require(session, viewer, select(Quote.conversation_id).where(Quote.id == quote_id).scalar_subquery())


def require_contact(session: Session, viewer: Viewer, contact_id: Any) -> None:
    """Raises `NotFound` for a customer none of whose conversations they see."""
    if not sees_contact(session, viewer, contact_id):
        raise NotFound("No such contact.")


def sees_contact(session: Session, viewer: Viewer, contact_id: Any) -> bool:
    """A customer is seen by whoever sees one of their conversations. `contact_id` may be a subquery."""
    seen = seen_by(viewer)
    return not seen or bool(session.scalar(select(exists().where(Conversation.contact_id == contact_id, *seen))))


def require_merge(session: Session, viewer: Viewer, merge_id: int) -> None:
    """Raises `NotFound` for a merge of a customer whom they do not see."""
    require_contact(session, viewer, select(ContactMerge.kept_id).where(ContactMerge.id == merge_id).scalar_subquery())


def require_file(session: Session, viewer: Viewer, attachment_id: int, message_id: int | None = None) -> None:
    """Raises `NotFound` for a file that is theirs neither by a conversation nor because they handed it in.

    `message_id` is the message that is said to name the file: a file that was handed in belongs to none by its row.
    """
    if viewer.sees is Sees.ALL:
        return
    asked = select(Attachment.author_id, Attachment.message_id).where(Attachment.id == attachment_id)
    author_id, carrier_id = session.execute(asked).one_or_none() or (None, None)
    if author_id == viewer.id:
        return
    if carrier_id is None and message_id is not None and _names(session, message_id, attachment_id):
        carrier_id = message_id
    if carrier_id is None:
        raise NotFound(f"No file {attachment_id}.")
    require_message(session, viewer, carrier_id)


def _names(session: Session, message_id: int, attachment_id: int) -> bool:
    return attachment_id in files_in(session.scalar(select(Message.payload).where(Message.id == message_id)))


def files_in(content: object) -> Iterable[int]:
    """The ids of the files that something to be sent names, wherever in it."""
    if isinstance(content, Mapping):
        if isinstance(named := content.get("attachment_id"), int):
            yield named
        for part in content.values():
            yield from files_in(part)
    elif isinstance(content, list | tuple):
        for part in content:
            yield from files_in(part)


def seen_among(
    session: Session, sees: Sees, agent_ids: Collection[int], conversation_ids: Collection[int]
) -> dict[int, set[int]]:
    """Which of these conversations each of these agents sees. Not for `Sees.ALL`."""
    rule = may_see(sees, Agent.id, Conversation.assignee_id.expression, Conversation.team_id.expression)
    rows = session.execute(
        select(Agent.id, Conversation.id)
        .join(Conversation, rule)
        .where(Agent.id.in_(agent_ids), Agent.role == Role.AGENT, Conversation.id.in_(conversation_ids))
    )
    found: dict[int, set[int]] = {agent_id: set() for agent_id in agent_ids}
    for agent_id, conversation_id in rows:
        found[agent_id].add(conversation_id)
    return found


def setting(session: Session, business_id: int) -> Sees:
    """What the business has decided."""
    return Sees(session.scalars(select(Business.agents_see).where(Business.id == business_id)).one())


def set_setting(session: Session, business_id: int, actor: str, wanted: Sees) -> None:
    """Decide anew. Open consoles go by it within half a minute."""
    before = setting(session, business_id)
    if before is wanted:
        return
    session.execute(update(Business).where(Business.id == business_id).values(agents_see=wanted.value))
    subject = f"business:{business_id}"
    audit_log.record(
        session, business_id, actor, "business.visibility", subject, before=before.value, after=wanted.value
    )
