"""Putting a message in the outbox: the row before the call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import Text, bindparam, text
from sqlalchemy.orm import Session

from core import live
from core.business.channels import channel
from core.channels.base import Kind
from core.channels.content import preview
from core.channels.facts import text_limit
from core.channels.split import split_text
from core.errors import Conflict, IdempotencyConflict, NotFound, OptedOut, WindowClosed
from core.models import ConversationStatus, Sender


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
    place = _load(session, conversation_id)
    if draft.idempotency_key and (earlier := _earlier(session, conversation_id, draft)):
        return earlier
    if place.status == ConversationStatus.CLOSED:
        raise Conflict("This conversation is closed: reopen it first.")
    if place.opted_out_at is not None:
        raise OptedOut
    now = datetime.now(UTC)
    due = max(draft.send_at or now, now)  # a time in the past must not reopen the window
    if (
        place.kind == Kind.WHATSAPP
        and draft.content["type"] not in _UNREFUSED
        and (place.window_expires_at is None or place.window_expires_at <= due)
    ):
        raise WindowClosed
    contents = _split(place, draft.content)
    speaker = channel(place.channel_id)
    for content in contents:
        speaker.check(content["type"], content)
    return _store(session, business_id, place, draft, contents)


def fingerprint(draft: Draft) -> str:
    """What an idempotency key stands for."""
    document = [dict(draft.content), draft.reply_to, draft.send_at and draft.send_at.isoformat()]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _earlier(session: Session, conversation_id: int, draft: Draft) -> list[int]:
    """The messages this key already stands for. The parts of a split text carry the key with a number."""
    key = str(draft.idempotency_key)
    keys = [key, *(f"{key}#{part}" for part in range(2, _MOST_PARTS + 1))]
    rows = session.execute(_EARLIER, {"keys": keys}).all()
    if rows and rows[0][1:] != (conversation_id, fingerprint(draft)):
        raise IdempotencyConflict
    return [row.id for row in rows]


_MOST_PARTS = 20
_EARLIER = text("""
SELECT id, conversation_id, payload ->> 'fingerprint' FROM messages WHERE idempotency_key = ANY(:keys) ORDER BY id
""")


@dataclass(frozen=True, slots=True)
class _Place:
    """The conversation a message goes to, locked, with what decides whether it may."""

    conversation_id: int
    channel_id: int
    identity_id: int
    kind: str
    provider: str
    status: str
    window_expires_at: datetime | None
    opted_out_at: datetime | None


_PLACE = text("""
SELECT c.id, c.channel_id, c.identity_id, c.kind, ch.provider, c.status, c.window_expires_at, i.opted_out_at
FROM conversations c
JOIN channels ch ON ch.id = c.channel_id
JOIN identities i ON i.id = c.identity_id
WHERE c.id = :conversation FOR UPDATE OF c
""")


def _load(session: Session, conversation_id: int) -> _Place:
    row = session.execute(_PLACE, {"conversation": conversation_id}).one_or_none()
    if row is None:
        raise NotFound(f"No conversation {conversation_id}.")
    return _Place(*row)


def _split(place: _Place, content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if content["type"] != "text":
        return [content]
    parts = split_text(content["text"], text_limit(place.provider))
    return [{**content, "text": part} for part in parts]


# One statement for the messages, their deliveries and the conversation: this is written for every answer. The list of
# conversations shows the newest words; a customer who got an answer no longer waits.
_STORE = text("""
WITH part AS (
    SELECT * FROM unnest(CAST(:texts AS text[]), CAST(:payloads AS jsonb[]), CAST(:keys AS text[]))
    WITH ORDINALITY AS p (text, payload, key, number)
), message AS (
    INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, author_id, type, text, payload,
                          status, reply_to, idempotency_key, created_at)
    SELECT :business, :conversation, :channel, 'outbound', :sender, CAST(:author AS bigint), :type, text, payload,
           'queued', :reply_to, key, date_trunc('second', clock_timestamp())
    FROM part ORDER BY number RETURNING id
), delivery AS (
    INSERT INTO deliveries (business_id, message_id, conversation_id, channel_id, identity_id, priority,
                            scheduled_for, next_attempt_at)
    SELECT :business, id, :conversation, :channel, :identity, :priority, CAST(:send_at AS timestamptz),
           coalesce(CAST(:send_at AS timestamptz), now())
    FROM message
), conversation AS (
    UPDATE conversations SET
        last_message_at = greatest(last_message_at, clock_timestamp()),
        last_message_text = :words,
        waiting_since = CASE WHEN :sender IN ('agent', 'bot') THEN NULL ELSE waiting_since END,
        unread_count = CASE WHEN :sender = 'agent' THEN 0 ELSE unread_count END,
        bot_turns = bot_turns + CASE WHEN :sender = 'bot' THEN 1 ELSE 0 END
    WHERE id = :conversation
)
SELECT id FROM message ORDER BY id
""").bindparams(bindparam("sender", type_=Text), bindparam("reply_to", type_=Text))


def _store(
    session: Session, business_id: int, place: _Place, draft: Draft, contents: Sequence[Mapping[str, Any]]
) -> list[int]:
    mark = {"fingerprint": fingerprint(draft)} if draft.idempotency_key else {}
    rows = session.execute(
        _STORE,
        {
            "business": business_id,
            "conversation": place.conversation_id,
            "channel": place.channel_id,
            "identity": place.identity_id,
            "sender": draft.sender.value,
            "author": draft.author_id,
            "type": draft.content["type"],
            "texts": [preview(content) for content in contents],
            "payloads": [json.dumps({**content, **mark}) for content in contents],
            "keys": [_part_key(draft.idempotency_key, number) for number, _ in enumerate(contents, start=1)],
            "reply_to": draft.reply_to,
            "priority": _PRIORITY.get(draft.sender, Priority.CAMPAIGN),
            "send_at": draft.send_at,
            "words": preview(contents[-1])[:200],
        },
    )
    live.notify(session, business_id, place.conversation_id)
    return [message_id for (message_id,) in rows]


def _part_key(key: str | None, number: int) -> str | None:
    return key if key is None or number == 1 else f"{key}#{number}"
