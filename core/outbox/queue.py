"""Putting a message in the outbox: the row before the call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.business.channels import account_of
from core.channels.base import Kind
from core.channels.content import preview
from core.channels.facts import text_limit
from core.channels.registry import open_channel
from core.channels.split import split_text
from core.errors import Conflict, IdempotencyConflict, NotFound, OptedOut, WindowClosed
from core.models import (
    Channel,
    ContactIdentity,
    Conversation,
    ConversationStatus,
    Delivery,
    Direction,
    Message,
    MessageStatus,
    Sender,
)


class Priority(IntEnum):
    """Who goes first when a number's rate is short."""

    AGENT = 0
    BOT = 1
    CAMPAIGN = 2


_PRIORITY = {Sender.AGENT: Priority.AGENT, Sender.SYSTEM: Priority.AGENT, Sender.BOT: Priority.BOT}
_UNREFUSED = frozenset({"template"})  # what may be sent when the 24-hour window is closed


@dataclass(frozen=True, slots=True)
class Draft:
    """A message somebody wants to send. `content` is validated content as JSON data, with its `type`."""

    content: Mapping[str, Any]
    sender: Sender
    author_id: int | None = None
    reply_to: str | None = None
    idempotency_key: str | None = None
    send_at: datetime | None = None


def queue_reply(session: Session, business_id: int, conversation_id: int, draft: Draft) -> list[int]:
    """Put a message of a conversation in the outbox; ring the bell after the commit.

    A text that is too long for the channel goes out in several messages. The same idempotency key with the same
    message returns what was queued the first time.

    Raises:
        NotFound, Conflict: no such conversation, or it is closed.
        OptedOut: the customer asked for silence.
        WindowClosed: only a template may be sent.
        InvalidMessage: the provider would refuse it; names the part and the limit.
        IdempotencyConflict: the key was used for another message.
    """
    if draft.idempotency_key and (earlier := _earlier(session, draft)):
        return earlier
    conversation, channel, identity = _load(session, conversation_id)
    if conversation.status == ConversationStatus.CLOSED:
        raise Conflict("This conversation is closed: reopen it first.")
    if identity.opted_out_at is not None:
        raise OptedOut
    now = datetime.now(UTC)
    due = max(draft.send_at or now, now)  # a time in the past must not reopen the window
    if (
        channel.kind == Kind.WHATSAPP
        and draft.content["type"] not in _UNREFUSED
        and (conversation.window_expires_at is None or conversation.window_expires_at <= due)
    ):
        raise WindowClosed
    contents = _split(channel, draft.content)
    speaker = open_channel(account_of(channel))
    for content in contents:
        speaker.check(content["type"], content)
    message_ids = _insert(session, business_id, conversation, draft, contents)
    _insert_deliveries(session, business_id, conversation, draft, message_ids)
    _touch(session, conversation, draft, contents)
    return message_ids


def fingerprint(draft: Draft) -> str:
    """What an idempotency key stands for."""
    document = [dict(draft.content), draft.reply_to, draft.send_at and draft.send_at.isoformat()]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _earlier(session: Session, draft: Draft) -> list[int]:
    """The messages this key already stands for. The parts of a split text carry the key with a number."""
    key = str(draft.idempotency_key)
    rows = session.execute(
        select(Message.id, Message.payload["fingerprint"].as_string())
        .where(Message.idempotency_key.in_([key, *(f"{key}#{part}" for part in range(2, 20))]))
        .order_by(Message.id)
    ).all()
    if rows and rows[0][1] != fingerprint(draft):
        raise IdempotencyConflict
    return [message_id for message_id, _ in rows]


def _load(session: Session, conversation_id: int) -> tuple[Conversation, Channel, ContactIdentity]:
    row = session.execute(
        select(Conversation, Channel, ContactIdentity)
        .join(Channel, Channel.id == Conversation.channel_id)
        .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
        .where(Conversation.id == conversation_id)
        .with_for_update(of=Conversation)
    ).one_or_none()
    if row is None:
        raise NotFound(f"No conversation {conversation_id}.")
    return row[0], row[1], row[2]


def _split(channel: Channel, content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if content["type"] != "text":
        return [content]
    parts = split_text(content["text"], text_limit(channel.provider))
    return [{**content, "text": part} for part in parts]


def _insert(
    session: Session,
    business_id: int,
    conversation: Conversation,
    draft: Draft,
    contents: Sequence[Mapping[str, Any]],
) -> list[int]:
    rows = [
        {
            "business_id": business_id,
            "conversation_id": conversation.id,
            "channel_id": conversation.channel_id,
            "direction": Direction.OUTBOUND,
            "sender": draft.sender,
            "author_id": draft.author_id,
            "type": content["type"],
            "text": preview(content),
            "payload": {**content, **({"fingerprint": fingerprint(draft)} if draft.idempotency_key else {})},
            "status": MessageStatus.QUEUED,
            "reply_to": draft.reply_to,
            "idempotency_key": _part_key(draft.idempotency_key, number),
            "created_at": func.date_trunc("second", func.clock_timestamp()),
        }
        for number, content in enumerate(contents, start=1)
    ]
    return [session.execute(insert(Message).values(row).returning(Message.id)).scalar_one() for row in rows]


def _part_key(key: str | None, number: int) -> str | None:
    return key if key is None or number == 1 else f"{key}#{number}"


def _insert_deliveries(
    session: Session, business_id: int, conversation: Conversation, draft: Draft, message_ids: Sequence[int]
) -> None:
    session.execute(
        insert(Delivery).values(
            [
                {
                    "business_id": business_id,
                    "message_id": message_id,
                    "conversation_id": conversation.id,
                    "channel_id": conversation.channel_id,
                    "identity_id": conversation.identity_id,
                    "priority": _PRIORITY.get(draft.sender, Priority.CAMPAIGN),
                    "scheduled_for": draft.send_at,
                    "next_attempt_at": draft.send_at or func.now(),
                }
                for message_id in message_ids
            ]
        )
    )


def _touch(session: Session, conversation: Conversation, draft: Draft, contents: Sequence[Mapping[str, Any]]) -> None:
    """The list of conversations shows the newest words; a customer who got an answer no longer waits."""
    changes: dict[str, Any] = {
        "last_message_at": func.greatest(Conversation.last_message_at, func.clock_timestamp()),
        "last_message_text": preview(contents[-1])[:200],
    }
    if draft.sender in (Sender.AGENT, Sender.BOT):
        changes |= {"waiting_since": None}
    if draft.sender is Sender.AGENT:
        changes |= {"unread_count": 0}
    if draft.sender is Sender.BOT:
        changes |= {"bot_turns": Conversation.bot_turns + 1}
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
