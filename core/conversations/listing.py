"""The list of conversations at the console: its views, its lines, and how many each view holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, case, func, select, true
from sqlalchemy.orm import Session

from core.models import Agent, Contact, ContactIdentity, Conversation, ConversationStatus, Message, Mode


class View(StrEnum):
    """Which conversations somebody wants to see."""

    ALL = "all"
    WAITING = "waiting"  # for a person
    MINE = "mine"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. `last_type` is told only where the last message has no words."""

    id: int
    name: str
    address: str
    kind: str
    status: str
    mode: str
    assignee: str | None
    unread: int
    waiting_since: datetime | None
    last_message_at: datetime
    last_text: str
    last_type: str | None


def rows(session: Session, view: View, agent_id: int, limit: int = 60) -> list[Row]:
    """The conversations of a view, newest activity first."""
    last_type = (
        select(Message.type)
        .where(Message.conversation_id == Conversation.id, Message.type != "event")
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = session.execute(
        select(
            Conversation.id,
            Contact.name,
            ContactIdentity.address,
            Conversation.kind,
            Conversation.status,
            Conversation.mode,
            Agent.name.label("assignee"),
            Conversation.unread_count.label("unread"),
            Conversation.waiting_since,
            Conversation.last_message_at,
            Conversation.last_message_text.label("last_text"),
            case((Conversation.last_message_text == "", last_type)).label("last_type"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
        .outerjoin(Agent, Agent.id == Conversation.assignee_id)
        .where(_in_view(view, agent_id))
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(limit)
    )
    return [Row(**row._mapping) for row in found]


def counts(session: Session, agent_id: int) -> dict[View, int]:
    """How many open conversations each view holds; `ALL` is not counted, for it grows for ever."""
    counted = (View.WAITING, View.MINE, View.BOT)
    numbers = session.execute(
        select(*(func.count().filter(_in_view(view, agent_id)) for view in counted)).where(
            Conversation.status != ConversationStatus.CLOSED
        )
    ).one()
    return dict(zip(counted, numbers, strict=True))


def _in_view(view: View, agent_id: int) -> ColumnElement[bool]:
    still_open = Conversation.status != ConversationStatus.CLOSED
    match view:
        case View.WAITING:
            return still_open & (Conversation.mode == Mode.HUMAN) & Conversation.waiting_since.is_not(None)
        case View.MINE:
            return still_open & (Conversation.assignee_id == agent_id)
        case View.BOT:
            return still_open & (Conversation.mode == Mode.BOT)
        case View.ALL:
            return true()
