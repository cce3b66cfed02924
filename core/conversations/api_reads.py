"""Read models of the REST API: pages of conversations and messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from core.conversations import search
from core.models import Attachment, Contact, ContactIdentity, Conversation, Delivery, Message, MessageStatus
from core.platform.errors import NotFound

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Position:
    """Keyset cursor: the last row's timestamp and, to order equal timestamps, its id."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page; `next` is the cursor of the following page, None on the last."""

    items: Sequence[T]
    next: Position | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter of the conversation list; None means any. `assignee` "none" selects unassigned conversations.

    `in_messages`: whether `q` searches message texts as well as customers' names and addresses.
    """

    channel: str | None = None
    status: str | None = None
    assignee: int | Literal["none"] | None = None
    tag: str | None = None
    q: str | None = None
    in_messages: bool = True


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact with the address that the conversation uses."""

    id: int
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ConversationView:
    """`channel` is whatsapp, sms or email; `assignee` an agent's id."""

    id: int
    channel: str
    channel_id: int
    status: str
    mode: str
    contact: ContactView
    assignee: int | None
    tags: Sequence[str]
    unread_count: int
    last_message_at: datetime
    last_message_text: str
    waiting_since: datetime | None
    handoff_reason: str | None
    window_expires_at: datetime | None
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FileView:
    """A file. `size` is in bytes, `sha256` lower-case hex; both are null until the file is downloaded."""

    id: int
    mime_type: str | None
    filename: str | None
    size: int | None
    state: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message. `attempts` counts send attempts, 0 for inbound messages. `send_at` is the scheduled time."""

    id: int
    conversation_id: int
    direction: str
    sender: str
    type: str
    text: str
    payload: Mapping[str, Any]
    status: str
    provider_message_id: str | None
    reply_to: str | None
    error: Mapping[str, Any] | None
    attempts: int
    created_at: datetime
    send_at: datetime | None
    sent_at: datetime | None
    media: Sequence[FileView] = field(default_factory=tuple)


def conversations(session: Session, filters: Filter, after: Position | None, limit: int) -> Page[ConversationView]:
    """Return a page of conversations, latest activity first."""
    query = _conversations()
    if filters.channel:
        query = query.where(Conversation.kind == filters.channel)
    if filters.status:
        query = query.where(Conversation.status == filters.status)
    if filters.assignee == "none":
        query = query.where(Conversation.assignee_id.is_(None))
    elif filters.assignee is not None:
        query = query.where(Conversation.assignee_id == filters.assignee)
    if filters.tag:
        query = query.where(Conversation.tags.contains([filters.tag]))
    if filters.q:
        match = search.matches if filters.in_messages else search.customer_matches
        query = query.where(match(session, filters.q))
    if after:
        query = query.where(tuple_(Conversation.last_message_at, Conversation.id) < (after.at, after.id))
    query = query.order_by(Conversation.last_message_at.desc(), Conversation.id.desc()).limit(limit + 1)
    views = [_conversation(*row) for row in session.execute(query)]
    if len(views) <= limit:
        return Page(views, None)
    last = views[limit - 1]
    return Page(views[:limit], Position(last.last_message_at, last.id))


def conversation(session: Session, conversation_id: int) -> ConversationView:
    """Return one conversation. Raises `NotFound`."""
    row = session.execute(_conversations().where(Conversation.id == conversation_id)).one_or_none()
    if row is None:
        raise NotFound(f"No conversation {conversation_id}.")
    return _conversation(*row)


def _conversations() -> Select[Conversation, str, str]:
    return (
        select(Conversation, Contact.name, ContactIdentity.address)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
    )


def _conversation(row: Conversation, name: str, address: str) -> ConversationView:
    return ConversationView(
        id=row.id,
        channel=row.kind,
        channel_id=row.channel_id,
        status=row.status,
        mode=row.mode,
        contact=ContactView(row.contact_id, name, address),
        assignee=row.assignee_id,
        tags=tuple(row.tags),
        unread_count=row.unread_count,
        last_message_at=row.last_message_at,
        last_message_text=row.last_message_text,
        waiting_since=row.waiting_since,
        handoff_reason=row.handoff_reason,
        window_expires_at=row.window_expires_at,
        created_at=row.created_at,
        closed_at=row.closed_at,
    )


def messages(session: Session, conversation_id: int, after: Position | None, limit: int) -> Page[MessageView]:
    """Return a page of a conversation's messages, oldest first. Raises `NotFound`."""
    if session.get(Conversation, conversation_id) is None:
        raise NotFound(f"No conversation {conversation_id}.")
    query = _messages().where(Message.conversation_id == conversation_id)
    if after:
        query = query.where(tuple_(Message.created_at, Message.id) > (after.at, after.id))
    query = query.order_by(Message.created_at, Message.id).limit(limit + 1)
    rows = session.execute(query).all()
    views = _views(session, rows[:limit])
    return Page(views, Position(views[-1].created_at, views[-1].id) if len(rows) > limit else None)


def scheduled(session: Session, conversation_id: int | None, after: Position | None, limit: int) -> Page[MessageView]:
    """Return a page of scheduled messages, soonest first; of one conversation, or of all with None."""
    query = _messages().where(
        Delivery.next_attempt_at.is_not(None),
        Delivery.scheduled_for > func.now(),
        Message.status == MessageStatus.QUEUED,
    )
    if conversation_id is not None:
        query = query.where(Message.conversation_id == conversation_id)
    if after:
        query = query.where(tuple_(Delivery.scheduled_for, Message.id) > (after.at, after.id))
    rows = session.execute(query.order_by(Delivery.scheduled_for, Message.id).limit(limit + 1)).all()
    more = Position(rows[limit - 1].scheduled_for, rows[limit - 1][0].id) if len(rows) > limit else None
    return Page(_views(session, rows[:limit]), more)


def messages_by_id(session: Session, message_ids: Sequence[int]) -> list[MessageView]:
    """Return these messages, ordered by id. Raises `NotFound` if one is missing."""
    rows = session.execute(_messages().where(Message.id.in_(message_ids)).order_by(Message.id)).all()
    if missing := set(message_ids) - {row[0].id for row in rows}:
        raise NotFound(f"No message {min(missing)}.")
    return _views(session, rows)


def _messages() -> Select[Message, int, datetime | None]:
    return select(Message, Delivery.attempts, Delivery.scheduled_for).outerjoin(
        Delivery, Delivery.message_id == Message.id
    )


def _views(session: Session, rows: Iterable[Any]) -> list[MessageView]:
    unpacked = [(message, attempts or 0, send_at) for message, attempts, send_at in rows]
    files = _files(session, [message for message, *_ in unpacked])
    return [
        MessageView(
            id=message.id,
            conversation_id=message.conversation_id,
            direction=message.direction,
            sender=message.sender,
            type=message.type,
            text=message.text,
            payload={name: value for name, value in message.payload.items() if name != "fingerprint"},
            status=message.status,
            provider_message_id=message.provider_id,
            reply_to=message.reply_to,
            error=message.error,
            attempts=attempts,
            created_at=message.created_at,
            send_at=send_at,
            sent_at=message.sent_at,
            media=files[message.id],
        )
        for message, attempts, send_at in unpacked
    ]


def _files(session: Session, messages: Sequence[Message]) -> dict[int, list[FileView]]:
    """Return files by message id: those received with it, and the one an outbound message refers to."""
    files: dict[int, list[FileView]] = defaultdict(list)
    carriers: dict[int, list[int]] = defaultdict(list)
    for message in messages:
        if attachment_id := (message.payload.get("media") or {}).get("attachment_id"):
            carriers[attachment_id].append(message.id)
    rows = session.scalars(
        select(Attachment)
        .where(or_(Attachment.message_id.in_([message.id for message in messages]), Attachment.id.in_(carriers)))
        .order_by(Attachment.position, Attachment.id)
    )
    for row in rows:
        view = FileView(row.id, row.mime_type, row.filename, row.size, row.state, row.sha256)
        for message_id in {row.message_id, *carriers[row.id]}:
            if message_id is not None:
                files[message_id].append(view)
    return files
