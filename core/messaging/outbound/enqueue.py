"""Queue outgoing messages: the row is committed before the provider is called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy.orm import Session

from core.channels.content.shapes import preview
from core.channels.kinds import rules
from core.channels.registry import limits
from core.channels.text_splitter import split_text
from core.channels.types import InvalidMessage
from core.conversations.channel_switch import check_address
from core.messaging.attachments import outgoing
from core.messaging.channels import templates
from core.messaging.channels.accounts import channel
from core.models import ConversationStatus, Sender
from core.models.conversation import IN_GROUP
from core.models.message import ABOUT_ANOTHER
from core.platform import events
from core.platform.db import business_of, run
from core.platform.errors import BotHubError, Conflict, Invalid, NotFound


class Priority(IntEnum):
    """Sending order when a number's rate is exhausted."""

    AGENT = 0
    BOT = 1
    CAMPAIGN = 2


_PRIORITY = {Sender.AGENT: Priority.AGENT, Sender.SYSTEM: Priority.AGENT, Sender.BOT: Priority.BOT}
MAX_PARTS = 20  # messages that one text may be split into
_ALLOWED_OUTSIDE_WINDOW = frozenset({"template"})  # message types


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to send. `content` is validated content as JSON data, with its `type`.

    `answers`: once sent, it ends the customer's wait. System messages and reactions never do.
    """

    content: Mapping[str, Any]
    sender: Sender
    author_id: int | None = None
    reply_to: str | None = None
    idempotency_key: str | None = None
    send_at: datetime | None = None
    answers: bool = True


Refusal = BotHubError | InvalidMessage


def enqueue_message(session: Session, conversation_id: int, message: NewMessage) -> list[int]:
    """Queue a message in a conversation; wake a worker after the commit.

    A text too long for the channel is split into several messages. The same idempotency key with the same message
    returns what was queued the first time.

    Raises:
        NotFound: no such conversation.
        Conflict: it is closed, its window is closed, the customer opted out, stopped marketing or wrote in a group, or
            the address is not theirs any more.
        InvalidMessage: the provider would refuse it, or its file is not stored here; names the part and the limit.
        Invalid: the idempotency key was used for another message.
    """
    (queued,) = enqueue_messages(session, {conversation_id: message})
    if isinstance(queued, Exception):
        raise queued
    return queued


def enqueue_messages(session: Session, messages: Mapping[int, NewMessage]) -> list[list[int] | Refusal]:
    """Queue messages in many conversations with a few statements. Returns the ids of each, or its refusal."""
    targets = _load(session, messages)
    outcomes: dict[int, list[int] | Refusal] = {}
    parts: list[dict[str, Any]] = []
    for conversation_id, message in messages.items():
        try:
            if message.idempotency_key and (earlier := _earlier(session, conversation_id, message)):
                outcomes[conversation_id] = earlier
            else:
                parts += _parts(session, targets.get(conversation_id), conversation_id, message)
        except (BotHubError, InvalidMessage) as refusal:
            outcomes[conversation_id] = refusal
    if parts:
        queued: dict[int, list[int]] = {}
        for message_id, conversation_id in _store(session, parts):
            queued.setdefault(conversation_id, []).append(message_id)
            events.publish_change(session, conversation_id)
        outcomes.update(queued)
    return [outcomes[conversation_id] for conversation_id in messages]


def _parts(session: Session, target: _Target | None, conversation_id: int, message: NewMessage) -> list[dict[str, Any]]:
    """Return the rows of a message. Raises what `enqueue_message` raises when it may not be sent."""
    if target is None:
        raise NotFound(f"No conversation {conversation_id}.")
    if target.status == ConversationStatus.CLOSED:
        raise Conflict("conflict", "This conversation is closed: reopen it first.")
    check_address(target.ended_at, target.opted_out_at)
    if target.in_group:
        raise Conflict(
            "written_in_group",
            "This customer wrote in a group, where nothing can be sent from here: an answer would reach only them, in "
            "private. Answer in WhatsApp, or wait until they write in private.",
        )
    template = templates.find(session, target.channel_id, message.content)
    if target.marketing_stopped_at is not None and templates.is_marketing(template):
        raise Conflict(
            "marketing_stopped",
            "This customer stopped marketing messages. Send another kind of template, or wait until they resume them.",
        )
    now = datetime.now(UTC)
    due = max(message.send_at or now, now)  # a time in the past must not reopen the window
    if (
        rules(target.kind).reply_window
        and message.content["type"] not in _ALLOWED_OUTSIDE_WINDOW
        and (target.window_expires_at is None or target.window_expires_at <= due)
    ):
        raise Conflict(
            "window_closed",
            "The 24-hour window is closed: the customer has not written within a day. Send an approved template.",
        )
    contents = _split(target, message.content)
    if len(contents) > MAX_PARTS:
        raise InvalidMessage("text", f"would be {len(contents)} messages: at most {MAX_PARTS} go out at once")
    provider_channel = channel(target.channel_id)
    outgoing.check(session, provider_channel, message.content)
    for content in contents:
        provider_channel.check(content["type"], content)
    templates.check(session, target.channel_id, message.content, template, target.address)
    mark: dict[str, Any] = {"fingerprint": fingerprint(message)} if message.idempotency_key else {}
    if shown := templates.rendering(template, message.content):
        mark["shown"] = asdict(shown)
    return [
        {
            "conversation": target.conversation_id,
            "channel": target.channel_id,
            "identity": target.identity_id,
            "sender": message.sender,
            "author": message.author_id,
            "type": content["type"],
            "words": shown.body if shown else preview(content),
            "payload": {**content, **mark},
            "key": _part_key(message.idempotency_key, number),
            "reply_to": message.reply_to,
            "priority": _PRIORITY.get(message.sender, Priority.CAMPAIGN),
            "answers": message.answers and message.sender != Sender.SYSTEM and content["type"] not in ABOUT_ANOTHER,
            "send_at": message.send_at and message.send_at.isoformat(),
            "last": number == len(contents),
        }
        for number, content in enumerate(contents, start=1)
    ]


def fingerprint(message: NewMessage) -> str:
    """Return a hash of the message that an idempotency key stands for."""
    document = [dict(message.content), message.reply_to, message.send_at and message.send_at.isoformat()]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _earlier(session: Session, conversation_id: int, message: NewMessage) -> list[int]:
    """Return the messages queued with this key. The parts of a split text carry the key with a number."""
    key = str(message.idempotency_key)
    keys = [key, *(f"{key}#{part}" for part in range(2, MAX_PARTS + 1))]
    rows = run(session, _EARLIER, {"keys": keys}).all()
    if rows and rows[0][1:] != (conversation_id, fingerprint(message)):
        raise key_reused()
    return [row.id for row in rows]


def key_reused() -> Invalid:
    """Return the error of an idempotency key that came with a different request."""
    return Invalid(
        "idempotency_conflict",
        "This Idempotency-Key was used with a different message. Use a new key for a new message.",
    )


_EARLIER = """
SELECT id, conversation_id, payload ->> 'fingerprint' FROM messages
WHERE idempotency_key = ANY(%(keys)s::text[]) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class _Target:
    """The locked conversation that a message goes to, with what decides whether it may be sent."""

    conversation_id: int
    channel_id: int
    identity_id: int
    address: str
    kind: str
    provider: str
    status: str
    window_expires_at: datetime | None
    opted_out_at: datetime | None
    marketing_stopped_at: datetime | None
    ended_at: datetime | None
    in_group: bool


_TARGETS = f"""
SELECT c.id, c.channel_id, c.identity_id, i.address, c.kind, ch.provider, c.status, c.window_expires_at, i.opted_out_at,
       i.marketing_stopped_at, i.ended_at, {IN_GROUP}
FROM conversations c
JOIN channels ch ON ch.id = c.channel_id
JOIN contact_identities i ON i.id = c.identity_id
WHERE c.id = ANY(%(conversations)s::bigint[]) ORDER BY c.id FOR UPDATE OF c
"""  # noqa: S608 - a constant fragment


def _load(session: Session, conversation_ids: Iterable[int]) -> dict[int, _Target]:
    rows = run(session, _TARGETS, {"conversations": list(conversation_ids)})
    return {row[0]: _Target(*row) for row in rows}


def _split(target: _Target, content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if content["type"] != "text":
        return [content]
    parts = split_text(content["text"], limits(target.provider, target.kind).text)
    return [{**content, "text": part} for part in parts]


# One statement for the messages, their deliveries and the conversations, because every answer runs it. The list of
# conversations shows the newest text, one scheduled for later once it is sent (`core.messaging.outbound.waiting`); the
# customer waits until the answer is sent. No message sorts before one that was stored earlier, whatever time that one
# carries.
_STORE = """
WITH part AS (
    SELECT *, row_number() OVER () AS number FROM jsonb_to_recordset(%(parts)s::jsonb) AS p (
        conversation bigint, channel bigint, identity bigint, sender text, author bigint, type text, words text,
        payload jsonb, key text, reply_to text, priority smallint, answers boolean, send_at timestamptz,
        last boolean)
), message AS (
    INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, author_id, type, text, payload,
                          status, reply_to, idempotency_key, created_at)
    SELECT %(business)s, conversation, channel, 'outbound', sender, author, type, words, payload,
           'queued', reply_to, key, greatest(date_trunc('second', clock_timestamp()), (
               SELECT max(created_at) FROM messages
               WHERE conversation_id = part.conversation AND created_at > date_trunc('second', clock_timestamp())))
    FROM part ORDER BY number RETURNING id, conversation_id
), delivery AS (
    INSERT INTO deliveries (business_id, message_id, conversation_id, channel_id, identity_id, priority,
                            answers, scheduled_for, next_attempt_at)
    SELECT %(business)s, message.id, conversation, channel, identity, priority, answers, send_at,
           coalesce(send_at, now())
    FROM message JOIN part ON part.conversation = message.conversation_id AND part.last
), conversation AS (
    UPDATE conversations c SET
        last_message_at = greatest(last_message_at, clock_timestamp()),
        last_message_text = CASE WHEN part.type = 'reaction' THEN last_message_text ELSE left(part.words, 200) END,
        bot_turns = bot_turns + CASE WHEN part.sender = 'bot' THEN 1 ELSE 0 END
    FROM part WHERE c.id = part.conversation AND part.last AND coalesce(part.send_at <= now(), true)
)
SELECT id, conversation_id FROM message ORDER BY id
"""


def _store(session: Session, parts: Sequence[Mapping[str, Any]]) -> Sequence[tuple[int, int]]:
    """Insert the messages. Returns their ids, each with its conversation's."""
    rows = run(session, _STORE, {"business": business_of(session), "parts": json.dumps(parts)})
    return [(message_id, conversation_id) for message_id, conversation_id in rows]


def _part_key(key: str | None, number: int) -> str | None:
    return key if key is None or number == 1 else f"{key}#{number}"
