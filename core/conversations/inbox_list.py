"""The list of conversations at the console: its views and filters, its lines, and how many each view holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from core.accounts import visibility
from core.accounts.visibility import Conditions
from core.conversations import search
from core.models import (
    Agent,
    Contact,
    ContactIdentity,
    Conversation,
    ConversationStatus,
    Message,
    Mode,
    Role,
    Sees,
    Team,
)

PAGE = 60
STATUSES = tuple(ConversationStatus)
CLOSING = timedelta(hours=2)  # a window with less time left is about to close


class View(StrEnum):
    """Which conversations somebody wants to see."""

    ALL = "all"
    WAITING = "waiting"  # for a person, the longest waiting first
    MINE = "mine"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A view, narrowed down. `words` is what somebody typed into the search box; None and False mean any."""

    view: View = View.ALL
    words: str = ""
    status: str | None = None
    channel: str | None = None
    tag: str | None = None
    unassigned: bool = False
    closing: bool = False
    team: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the moment that the list is ordered by, and the id that tells equal moments apart.

    Among those who wait, the ones whom an answer did not reach (`unsent`) come before the others.
    """

    at: datetime
    id: int
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. `last_type` is told only where the last message has no words.

    `unsent` is failed or uncertain where a message of ours did not arrive, or nobody knows.
    """

    id: int
    name: str
    address: str
    kind: str
    status: str
    mode: str
    assignee_id: int | None
    assignee: str | None
    team: str | None
    unread: int
    priority: int
    tags: Sequence[str]
    waiting_since: datetime | None
    unsent: str | None
    snoozed_until: datetime | None
    window_expires_at: datetime | None
    last_message_at: datetime
    last_text: str
    last_type: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is where the following page begins, None at the end."""

    rows: Sequence[Row]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations the views hold; `mine` by agent. `ALL` is not counted, for it grows for ever.

    `seen` is how many wait and how many the bot has among those that an agent sees, who does not see all.
    """

    waiting: int
    bot: int
    mine: Mapping[int, int]
    seen: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def of(self, agent_id: int) -> dict[View, int]:
        waiting, bot = self.seen.get(agent_id, (self.waiting, self.bot))
        return {View.WAITING: waiting, View.MINE: self.mine.get(agent_id, 0), View.BOT: bot}


def page(
    session: Session,
    business_id: int,
    wanted: Wanted,
    agent_id: int,
    after: Place | None = None,
    limit: int = PAGE,
    *,
    seen: Conditions = (),
) -> Page:
    """Newest activity first; those who wait for a person, longest first. `seen` is what the person sees at all.

    What is snoozed is in no view until it wakes: a state or words that are asked for find it.
    """
    conditions = [_in_view(wanted.view, agent_id), *_narrowed(wanted), *seen]
    if wanted.status is None and not wanted.words.strip():
        conditions.append(_AWAKE)
    if wanted.words.strip():
        conditions.append(search.matches(session, business_id, wanted.words))
    waiting = wanted.view is View.WAITING
    if after is not None:
        newest, longest = tuple_(Conversation.last_message_at, Conversation.id), tuple_(*_longest(Conversation))
        conditions.append(
            longest > (not after.unsent, after.at, after.id) if waiting else newest < (after.at, after.id)
        )
    query = _longest_first(conditions, limit + 1) if waiting else _newest_first(conditions, limit + 1)
    found = [Row(**row._mapping) for row in session.execute(query)]
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    at = last.waiting_since if waiting else last.last_message_at
    assert at is not None
    return Page(found[:limit], Place(at, last.id, last.unsent is not None))


def _newest_first(conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[*tuple[object, ...]]:
    order = (Conversation.last_message_at.desc(), Conversation.id.desc())
    return _rows(Conversation).where(*conditions).order_by(*order).limit(limit)


def _longest_first(conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[*tuple[object, ...]]:
    """Those who wait are sorted, so those of the page are chosen before they are joined with what else a line shows."""
    chosen = select(Conversation).where(*conditions).order_by(*_longest(Conversation)).limit(limit).subquery()
    here = aliased(Conversation, chosen)
    return _rows(here).order_by(*_longest(here))


def _longest(of: type[Conversation]) -> tuple[ColumnElement[Any], ...]:
    return of.unsent_id.is_(None), of.waiting_since.expression, of.id.expression


def _rows(of: type[Conversation]) -> Select[*tuple[object, ...]]:
    last_type = (
        select(Message.type)
        .where(Message.conversation_id == of.id, Message.type.not_in(("event", "note")))
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            of.id,
            Contact.name,
            ContactIdentity.address,
            of.kind,
            of.status,
            of.mode,
            of.assignee_id,
            Agent.name.label("assignee"),
            Team.name.label("team"),
            of.unread_count.label("unread"),
            of.priority,
            of.tags,
            of.waiting_since,
            select(Message.status).where(Message.id == of.unsent_id).scalar_subquery().label("unsent"),
            of.snoozed_until,
            of.window_expires_at,
            of.last_message_at,
            of.last_message_text.label("last_text"),
            case((of.last_message_text == "", last_type)).label("last_type"),
        )
        .join(Contact, Contact.id == of.contact_id)
        .join(ContactIdentity, ContactIdentity.id == of.identity_id)
        .outerjoin(Agent, Agent.id == of.assignee_id)
        .outerjoin(Team, Team.id == of.team_id)
    )


def next_waiting(session: Session, agent_id: int, after: int | None, seen: Conditions = ()) -> int | None:
    """The conversation that waits for this agent after the one named: their own or nobody's, the longest waiting first.

    After the last of them comes the first again. None when there is no other.
    """
    theirs = Conversation.assignee_id.is_(None) | (Conversation.assignee_id == agent_id)
    conditions = [_in_view(View.WAITING), theirs, Conversation.id != (after or 0), *seen]
    since = session.scalar(select(Conversation.waiting_since).where(Conversation.id == after)) if after else None
    order = (Conversation.waiting_since, Conversation.id)
    query = select(Conversation.id).where(*conditions).order_by(*order).limit(1)
    if since is not None and after is not None:
        later = session.scalar(query.where(tuple_(*order) > (since, after)))
        if later is not None:
            return later
    return session.scalar(query)


def rows(session: Session, conversation_ids: Collection[int]) -> list[Row]:
    """The lines of these conversations, whichever view they are in."""
    return [
        Row(**row._mapping) for row in session.execute(_rows(Conversation).where(Conversation.id.in_(conversation_ids)))
    ]


def counts(session: Session, seen: Conditions = ()) -> Counts:
    """How many open conversations each view holds, of those that are seen."""
    of_agent = session.execute(
        select(
            Conversation.assignee_id,
            func.count().filter(_AWAKE),
            func.count().filter(_in_view(View.WAITING)),
            func.count().filter(_in_view(View.BOT)),
        )
        .where(Conversation.status != ConversationStatus.CLOSED, *seen)
        .group_by(Conversation.assignee_id)
    ).all()
    mine = {agent_id: number for agent_id, number, _, _ in of_agent if agent_id is not None}
    return Counts(sum(waiting for *_, waiting, _ in of_agent), sum(bot for *_, bot in of_agent), mine)


def counts_by(session: Session, agent_ids: Collection[int], sees: Sees) -> Counts:
    """`counts` of everything, with what each of these agents sees of it (`sees` is not `ALL`)."""
    of_group = (
        select(
            Conversation.assignee_id,
            Conversation.team_id,
            func.count().filter(_in_view(View.WAITING)).label("waiting"),
            func.count().filter(_in_view(View.BOT)).label("bot"),
        )
        .where(Conversation.status != ConversationStatus.CLOSED)
        .group_by(Conversation.assignee_id, Conversation.team_id)
        .subquery()
    )
    rows = session.execute(
        select(Agent.id, func.sum(of_group.c.waiting), func.sum(of_group.c.bot))
        .join(of_group, visibility.may_see(sees, Agent.id, of_group.c.assignee_id, of_group.c.team_id))
        .where(Agent.id.in_(agent_ids), Agent.role == Role.AGENT)
        .group_by(Agent.id)
    )
    seen = {agent_id: (int(waiting), int(bot)) for agent_id, waiting, bot in rows}
    return replace(counts(session), seen=dict.fromkeys(agent_ids, (0, 0)) | seen)


_AWAKE = Conversation.status != ConversationStatus.SNOOZED


def _in_view(view: View, agent_id: int = 0) -> ColumnElement[bool]:
    still_open = Conversation.status.not_in((ConversationStatus.CLOSED, ConversationStatus.SNOOZED))
    match view:
        case View.WAITING:
            return still_open & (Conversation.mode == Mode.HUMAN) & Conversation.waiting_since.is_not(None)
        case View.MINE:
            return (Conversation.status != ConversationStatus.CLOSED) & (Conversation.assignee_id == agent_id)
        case View.BOT:
            return still_open & (Conversation.mode == Mode.BOT)
        case View.ALL:
            return true()


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status:
        conditions.append(Conversation.status == wanted.status)
    if wanted.channel:
        conditions.append(Conversation.kind == wanted.channel)
    if wanted.tag:
        conditions.append(Conversation.tags.contains([wanted.tag]))
    if wanted.team is not None:
        conditions.append(Conversation.team_id == wanted.team)
    if wanted.unassigned:
        conditions.append(Conversation.assignee_id.is_(None) & (Conversation.status != ConversationStatus.CLOSED))
    if wanted.closing:
        conditions.append(Conversation.window_expires_at.between(func.now(), func.now() + CLOSING))
    return conditions
