"""Read model of one conversation with its messages, for the console."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Row, any_, bindparam, func, literal_column, or_, select
from sqlalchemy.orm import Session

from core.channels.content.files import named
from core.channels.kinds import REPLY_WINDOWS
from core.conversations import pending_draft
from core.conversations.pending_draft import PendingDraft
from core.models import (
    Agent,
    Attachment,
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    Sender,
    Team,
)
from core.models.conversation import IN_GROUP
from core.models.message import ABOUT_ANOTHER
from core.platform.errors import NotFound


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message. `size` is in bytes."""

    id: int
    state: str
    mime_type: str
    filename: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A message or event of the thread. `author` is the name of the agent who wrote it or caused the event."""

    id: int
    sender: str
    author: str | None
    type: str
    text: str
    payload: Mapping[str, Any]
    status: str
    error: Mapping[str, Any] | None
    reply_to: str | None
    quoted: str | None
    idempotency_key: str | None
    provider_id: str | None
    created_at: datetime
    files: Sequence[File]


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation for the console. `lines` are its latest messages, oldest first; `more`: older ones exist."""

    id: int
    name: str
    address: str
    kind: str
    channel_id: int
    channel: str
    status: str
    mode: str
    assignee_id: int | None
    assignee: str | None
    team_id: int | None
    team: str | None
    unread: int
    handoff_reason: str | None
    contact_id: int
    priority: int
    tags: Sequence[str]
    snoozed_until: datetime | None
    waiting_since: datetime | None
    window_expires_at: datetime | None
    window_open: bool
    opted_out: bool
    address_ended: bool
    in_group: bool
    lines: Sequence[Line]
    more: bool
    suggestion: PendingDraft | None


# Statements that run on every click are built once: building one costs as much as running it.
_HEAD = (
    select(
        Conversation,
        Contact.name,
        ContactIdentity.address,
        ContactIdentity.opted_out_at,
        ContactIdentity.ended_at,
        Channel.name,
        Agent.name,
        Team.name,
        func.coalesce(Conversation.window_expires_at > func.now(), Conversation.kind.not_in(REPLY_WINDOWS)),
        literal_column(IN_GROUP.replace("c.", "conversations.")).cast(Boolean),
    )
    .join(Contact, Contact.id == Conversation.contact_id)
    .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
    .join(Channel, Channel.id == Conversation.channel_id)
    .outerjoin(Agent, Agent.id == Conversation.assignee_id)
    .outerjoin(Team, Team.id == Conversation.team_id)
    .where(Conversation.id == bindparam("conversation"))
)


def read(session: Session, conversation_id: int, limit: int = 60) -> Thread:
    """Return a conversation with its latest messages; none with a limit of 0. Raises `NotFound`."""
    head = session.execute(_HEAD, {"conversation": conversation_id}).one_or_none()
    if head is None:
        raise NotFound(f"No conversation {conversation_id}.")
    conversation, name, address, opted_out_at, ended_at, channel, assignee, team, window_open, in_group = head
    values = {"conversation": conversation_id, "limit": limit + 1}
    newest = session.execute(_NEWEST, values).all() if limit else []
    return Thread(
        id=conversation.id,
        name=name,
        address=address,
        kind=conversation.kind,
        channel_id=conversation.channel_id,
        channel=channel,
        status=conversation.status,
        mode=conversation.mode,
        assignee_id=conversation.assignee_id,
        assignee=assignee,
        team_id=conversation.team_id,
        team=team,
        unread=conversation.unread_count,
        handoff_reason=conversation.handoff_reason,
        contact_id=conversation.contact_id,
        priority=conversation.priority,
        tags=conversation.tags,
        snoozed_until=conversation.snoozed_until,
        waiting_since=conversation.waiting_since,
        window_expires_at=conversation.window_expires_at,
        window_open=window_open,
        opted_out=opted_out_at is not None,
        address_ended=ended_at is not None,
        in_group=in_group,
        lines=_lines(session, conversation.contact_id, newest[:limit][::-1]) if newest else [],
        more=len(newest) > limit,
        suggestion=pending_draft.pending(session, conversation_id) if conversation.handoff_reason == "draft" else None,
    )


_IDS = ARRAY(BigInteger)
_COLUMNS = (
    Message.id, Message.channel_id, Message.sender, Message.type, Message.text, Message.payload, Message.status,
    Message.error, Message.reply_to, Message.idempotency_key, Message.provider_id, Message.created_at,
)  # fmt: skip


# Columns instead of ORM objects, which cost twice as much.
_NEWEST = (
    select(*_COLUMNS, Agent.name.label("author"))
    .outerjoin(Agent, Agent.id == Message.author_id)
    .where(Message.conversation_id == bindparam("conversation"))
    .order_by(Message.created_at.desc(), Message.id.desc())
    .limit(bindparam("limit"))
)
_FILES = (
    select(
        Attachment.id, Attachment.message_id, Attachment.state, Attachment.mime_type, Attachment.filename,
        Attachment.size,
    )
    .where(
        or_(
            Attachment.message_id == any_(bindparam("messages", type_=_IDS)),
            Attachment.id == any_(bindparam("named", type_=_IDS)),
        )
    )
    .order_by(Attachment.position)
)  # fmt: skip


def _lines(session: Session, contact_id: int, messages: Sequence[Row[*tuple[Any, ...]]]) -> list[Line]:
    files = _files(session, messages)
    loaded = {message.provider_id for message in messages if message.provider_id}
    edits = {text for message in messages if (text := (message.payload.get("edited") or {}).get("text"))}
    quoted = _quoted(session, contact_id, messages)
    actors = _actor_names(session, messages)
    return [
        Line(
            id=message.id,
            sender=message.sender,
            author=message.author or actors.get(_actor_id(message)),
            type=message.type,
            text=message.text,
            payload=message.payload,
            status=message.status,
            error=message.error,
            reply_to=message.reply_to,
            quoted=quoted.get((message.channel_id, message.reply_to)),
            idempotency_key=message.idempotency_key,
            provider_id=message.provider_id,
            created_at=message.created_at,
            files=files[message.id],
        )
        for message in messages
        if not (message.type in ABOUT_ANOTHER and (_target(message) in loaded or message.text in edits))
    ]


def _actor_id(message: Row[*tuple[Any, ...]]) -> int | None:
    """Return the id of the agent who caused an event (`by` is "agent:3"), or None."""
    kind, _, number = str(message.payload.get("by", "")).partition(":")
    return int(number) if kind == "agent" and number.isdigit() else None


def _actor_names(session: Session, messages: Sequence[Row[*tuple[Any, ...]]]) -> dict[int | None, str]:
    ids = {actor for message in messages if message.type == "event" and (actor := _actor_id(message))}
    if not ids:
        return {}
    rows = session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _target(message: Row[*tuple[Any, ...]]) -> str | None:
    """Return the provider's id of the message that this one refers to."""
    target = message.payload.get("message_id") or message.payload.get("original_message_id")
    return target if isinstance(target, str) else None


def _files(session: Session, messages: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, list[File]]:
    """Return files by message id: those received with a message, and those that outbound messages refer to."""
    by_message: dict[int, list[File]] = defaultdict(list)
    message_ids = {message.id for message in messages}
    references = [(message.id, file_id) for message in messages for file_id in _referenced_files(message)]
    values = {"messages": list(message_ids), "named": list({file_id for _, file_id in references})}
    files: dict[int, File] = {}
    for file in session.execute(_FILES, values):
        files[file.id] = File(file.id, file.state, file.mime_type or "", file.filename, file.size)
        if file.message_id in message_ids:
            by_message[file.message_id].append(files[file.id])
    for message_id, file_id in references:
        if file_id in files:
            by_message[message_id].append(files[file_id])
    return by_message


def _referenced_files(message: Row[*tuple[Any, ...]]) -> list[int]:
    """Return the distinct files that an outbound message refers to. Several messages may share a file."""
    if message.sender == Sender.CUSTOMER:
        return []
    return list(dict.fromkeys(file.attachment_id for file in named(message.payload) if file.attachment_id is not None))


def _quoted(
    session: Session, contact_id: int, messages: Sequence[Row[*tuple[Any, ...]]]
) -> dict[tuple[int, str | None], str]:
    """Return the texts of the messages with this contact that these reply to, by channel id and provider id."""
    reply_to = {message.reply_to for message in messages if message.reply_to}
    if not reply_to:
        return {}
    channel_ids = {message.channel_id for message in messages}
    rows = session.execute(
        select(Message.channel_id, Message.provider_id, Message.text, Message.type)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.channel_id.in_(channel_ids),
            Message.provider_id.in_(reply_to),
            Conversation.contact_id == contact_id,
        )
    )
    return {(channel_id, provider_id): text or f"[{kind}]" for channel_id, provider_id, text, kind in rows}
