"""Conversation list of the console: views, filters, rows and counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, select, true, tuple_
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
    Delivery,
    Message,
    Mode,
    Role,
    Sees,
    Team,
)

PAGE = 60
STATUSES = tuple(ConversationStatus)
CLOSING = timedelta(hours=2)  # a window with less time left counts as about to close


class View(StrEnum):
    """A view of the conversation list."""

    ALL = "all"
    WAITING = "waiting"  # for an agent, longest wait first
    MINE = "mine"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """A view and its filters; None and False mean any. `words` is the search text."""

    view: View = View.ALL
    words: str = ""
    status: str | None = None
    channel: str | None = None
    tag: str | None = None
    unassigned: bool = False
    closing: bool = False
    team: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Keyset cursor: the last row's sort timestamp and, to order equal timestamps, its id.

    In the waiting view, conversations with an undelivered answer (`unsent`) sort first.
    """

    at: datetime
    id: int
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list. `last_type` is set only if the last message has no text.

    `unsent` is the status (failed or uncertain) of an outbound message that did not arrive or may not have. `views` are
    those that it belongs to without filters, `MINE` for its assignee; only `rows` fills them.
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
    views: Sequence[View] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `next` is the cursor of the following page, None on the last."""

    rows: Sequence[Row]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of conversations in each view; `mine` by agent. `ALL` is not counted: it grows without bound.

    `seen` holds (waiting, bot) by agent for agents who do not see every conversation.
    """

    waiting: int
    bot: int
    mine: Mapping[int, int]
    seen: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def of(self, agent_id: int) -> dict[View, int]:
        """Return the counts that this agent sees."""
        waiting, bot = self.seen.get(agent_id, (self.waiting, self.bot))
        return {View.WAITING: waiting, View.MINE: self.mine.get(agent_id, 0), View.BOT: bot}


def page(
    session: Session,
    filters: InboxFilter,
    agent_id: int,
    after: Cursor | None = None,
    limit: int = PAGE,
    *,
    seen: Conditions = (),
) -> Page:
    """Return a page, latest activity first; in the waiting view longest wait first.

    `seen` restricts it to conversations visible to the agent. Snoozed conversations appear only when filtered by
    status or searched for.
    """
    conditions = [_in_view(filters.view, agent_id), *_filter_conditions(filters), *seen]
    if filters.status is None and not filters.words.strip():
        conditions.append(_NOT_SNOOZED)
    if filters.words.strip():
        conditions.append(search.matches(session, filters.words))
    waiting = filters.view is View.WAITING
    if after is not None:
        newest, longest = tuple_(Conversation.last_message_at, Conversation.id), tuple_(*_wait_order(Conversation))
        conditions.append(
            longest > (not after.unsent, after.at, after.id) if waiting else newest < (after.at, after.id)
        )
    query = _longest_first(conditions, limit + 1) if waiting else _newest_first(conditions, limit + 1)
    page_rows = [Row(**row._mapping) for row in session.execute(query)]
    if len(page_rows) <= limit:
        return Page(page_rows, None)
    last = page_rows[limit - 1]
    at = last.waiting_since if waiting else last.last_message_at
    assert at is not None
    return Page(page_rows[:limit], Cursor(at, last.id, last.unsent is not None))


def _newest_first(conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[*tuple[object, ...]]:
    order = (Conversation.last_message_at.desc(), Conversation.id.desc())
    return _rows(Conversation).where(*conditions).order_by(*order).limit(limit)


def _longest_first(conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[*tuple[object, ...]]:
    """Sort and limit before joining: no index covers this order, so the joins would run for every match."""
    top = select(Conversation).where(*conditions).order_by(*_wait_order(Conversation)).limit(limit).subquery()
    limited = aliased(Conversation, top)
    return _rows(limited).order_by(*_wait_order(limited))


def _wait_order(of: type[Conversation]) -> tuple[ColumnElement[Any], ...]:
    return of.unsent_id.is_(None), of.waiting_since.expression, of.id.expression


def _rows(of: type[Conversation]) -> Select[*tuple[object, ...]]:
    scheduled = select(true()).where(Delivery.message_id == Message.id, Delivery.scheduled_for > func.now())
    last_type = (
        select(Message.type)
        .where(Message.conversation_id == of.id, Message.type.not_in(("event", "note")), ~exists(scheduled))
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
    """Return the next waiting conversation, the agent's own or unassigned, longest wait first.

    Wraps around after the last. None if there is no other.
    """
    own_or_unassigned = Conversation.assignee_id.is_(None) | (Conversation.assignee_id == agent_id)
    conditions = [_in_view(View.WAITING), own_or_unassigned, Conversation.id != (after or 0), *seen]
    since = session.scalar(select(Conversation.waiting_since).where(Conversation.id == after)) if after else None
    order = (Conversation.waiting_since, Conversation.id)
    query = select(Conversation.id).where(*conditions).order_by(*order).limit(1)
    if since is not None and after is not None:
        later = session.scalar(query.where(tuple_(*order) > (since, after)))
        if later is not None:
            return later
    return session.scalar(query)


def rows(session: Session, conversation_ids: Collection[int]) -> list[Row]:
    """Return the rows of these conversations, in any view."""
    belongs = [
        (_in_view(view, Conversation.assignee_id.expression) & _NOT_SNOOZED).label(f"in_{view}") for view in View
    ]
    query = _rows(Conversation).where(Conversation.id.in_(conversation_ids)).add_columns(*belongs)
    found = []
    for row in session.execute(query):
        values = dict(row._mapping)
        views = [view for view in View if values.pop(f"in_{view}")]
        found.append(Row(**values, views=views))
    return found


def counts(session: Session, seen: Conditions = ()) -> Counts:
    """Count the visible open conversations in each view."""
    of_agent = session.execute(
        select(
            Conversation.assignee_id,
            func.count().filter(_NOT_SNOOZED),
            func.count().filter(_in_view(View.WAITING)),
            func.count().filter(_in_view(View.BOT)),
        )
        .where(Conversation.status != ConversationStatus.CLOSED, *seen)
        .group_by(Conversation.assignee_id)
    ).all()
    mine = {agent_id: number for agent_id, number, _, _ in of_agent if agent_id is not None}
    return Counts(sum(waiting for *_, waiting, _ in of_agent), sum(bot for *_, bot in of_agent), mine)


def counts_by(session: Session, agent_ids: Collection[int], sees: Sees) -> Counts:
    """Return `counts` of all conversations and those visible to each of these agents (`sees` is not `ALL`)."""
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


_NOT_SNOOZED = Conversation.status != ConversationStatus.SNOOZED


def _in_view(view: View, agent_id: int | ColumnElement[int | None] = 0) -> ColumnElement[bool]:
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


def _filter_conditions(filters: InboxFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.status:
        conditions.append(Conversation.status == filters.status)
    if filters.channel:
        conditions.append(Conversation.kind == filters.channel)
    if filters.tag:
        conditions.append(Conversation.tags.contains([filters.tag]))
    if filters.team is not None:
        conditions.append(Conversation.team_id == filters.team)
    if filters.unassigned:
        conditions.append(Conversation.assignee_id.is_(None) & (Conversation.status != ConversationStatus.CLOSED))
    if filters.closing:
        conditions.append(Conversation.window_expires_at.between(func.now(), func.now() + CLOSING))
    return conditions
