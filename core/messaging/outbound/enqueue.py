"""Putting a message in the outbox: the row before the call."""

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
from core.channels.facts import text_limit
from core.channels.text_splitter import split_text
from core.channels.types import InvalidMessage, Kind
from core.messaging.attachments import outgoing
from core.messaging.channels import templates
from core.messaging.channels.accounts import channel
from core.models import ConversationStatus, Sender
from core.models.conversation import IN_GROUP
from core.models.message import ABOUT_ANOTHER
from core.platform import events
from core.platform.db import run
from core.platform.errors import (
    AddressEnded,
    BotHubError,
    Conflict,
    IdempotencyConflict,
    MarketingStopped,
    NotFound,
    OptedOut,
    WindowClosed,
    WrittenInGroup,
)


class Priority(IntEnum):
    """Who goes first when a number's rate is short."""

    AGENT = 0
    BOT = 1
    CAMPAIGN = 2


_PRIORITY = {Sender.AGENT: Priority.AGENT, Sender.SYSTEM: Priority.AGENT, Sender.BOT: Priority.BOT}
MOST_PARTS = 20  # messages that one text may become
_UNREFUSED = frozenset({"template"})  # what may be sent when the 24-hour window is closed


@dataclass(frozen=True, slots=True)
class Draft:
    """A message somebody wants to send. `content` is validated content as JSON data, with its `type`.

    `answers`: once sent, its customer waits no longer. What the system says never ends a wait, nor does a reaction.
    """

    content: Mapping[str, Any]
    sender: Sender
    author_id: int | None = None
    reply_to: str | None = None
    idempotency_key: str | None = None
    send_at: datetime | None = None
    answers: bool = True


Refusal = BotHubError | InvalidMessage


def queue_reply(session: Session, business_id: int, conversation_id: int, draft: Draft) -> list[int]:
    """Put a message of a conversation in the outbox; ring the bell after the commit.

    A text that is too long for the channel goes out in several messages. The same idempotency key with the same
    message returns what was queued the first time.

    Raises:
        NotFound, Conflict: no such conversation, or it is closed.
        OptedOut: the customer asked for silence.
        AddressEnded: the address is not the customer's any more.
        WrittenInGroup: the customer wrote in a group, which nothing can be sent to.
        MarketingStopped: the customer takes no marketing templates.
        WindowClosed: only a template may be sent.
        InvalidMessage: the provider would refuse it, or its file is not stored here; names the part and the limit.
        IdempotencyConflict: the key was used for another message.
    """
    (queued,) = queue_replies(session, business_id, {conversation_id: draft})
    if isinstance(queued, Exception):
        raise queued
    return queued


def queue_replies(session: Session, business_id: int, drafts: Mapping[int, Draft]) -> list[list[int] | Refusal]:
    """The same for many conversations with the same few statements: the ids of each, or why there are none."""
    places = _load(session, drafts)
    outcomes: dict[int, list[int] | Refusal] = {}
    parts: list[dict[str, Any]] = []
    for conversation_id, draft in drafts.items():
        try:
            if draft.idempotency_key and (earlier := _earlier(session, conversation_id, draft)):
                outcomes[conversation_id] = earlier
            else:
                parts += _parts(session, business_id, places.get(conversation_id), conversation_id, draft)
        except (BotHubError, InvalidMessage) as refusal:
            outcomes[conversation_id] = refusal
    if parts:
        for message_id, conversation_id in _store(session, business_id, parts):
            outcomes.setdefault(conversation_id, []).append(message_id)  # type: ignore[union-attr]
            events.publish_change(session, business_id, conversation_id)
    return [outcomes[conversation_id] for conversation_id in drafts]


def _parts(
    session: Session, business_id: int, place: _Place | None, conversation_id: int, draft: Draft
) -> list[dict[str, Any]]:
    """The rows of a draft. Raises what `queue_reply` raises when it may not be sent."""
    if place is None:
        raise NotFound(f"No conversation {conversation_id}.")
    if place.status == ConversationStatus.CLOSED:
        raise Conflict("This conversation is closed: reopen it first.")
    if place.ended_at is not None:
        raise AddressEnded
    if place.opted_out_at is not None:
        raise OptedOut
    if place.in_group:
        raise WrittenInGroup
    template = templates.on_file(session, place.channel_id, draft.content)
    if place.marketing_stopped_at is not None and templates.is_marketing(template):
        raise MarketingStopped
    now = datetime.now(UTC)
    due = max(draft.send_at or now, now)  # a time in the past must not reopen the window
    if (
        place.kind == Kind.WHATSAPP
        and draft.content["type"] not in _UNREFUSED
        and (place.window_expires_at is None or place.window_expires_at <= due)
    ):
        raise WindowClosed
    contents = _split(place, draft.content)
    if len(contents) > MOST_PARTS:
        raise InvalidMessage("text", f"would be {len(contents)} messages: at most {MOST_PARTS} go out at once")
    speaker = channel(place.channel_id)
    outgoing.check(session, business_id, speaker, draft.content)
    for content in contents:
        speaker.check(content["type"], content)
    templates.check(session, place.channel_id, draft.content, template, place.address)
    mark: dict[str, Any] = {"fingerprint": fingerprint(draft)} if draft.idempotency_key else {}
    if shown := templates.rendering(template, draft.content):
        mark["shown"] = asdict(shown)
    return [
        {
            "conversation": place.conversation_id,
            "channel": place.channel_id,
            "identity": place.identity_id,
            "sender": draft.sender,
            "author": draft.author_id,
            "type": content["type"],
            "words": shown.body if shown else preview(content),
            "payload": {**content, **mark},
            "key": _part_key(draft.idempotency_key, number),
            "reply_to": draft.reply_to,
            "priority": _PRIORITY.get(draft.sender, Priority.CAMPAIGN),
            "answers": draft.answers and draft.sender != Sender.SYSTEM and content["type"] not in ABOUT_ANOTHER,
            "send_at": draft.send_at and draft.send_at.isoformat(),
            "last": number == len(contents),
        }
        for number, content in enumerate(contents, start=1)
    ]


def fingerprint(draft: Draft) -> str:
    """What an idempotency key stands for."""
    document = [dict(draft.content), draft.reply_to, draft.send_at and draft.send_at.isoformat()]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _earlier(session: Session, conversation_id: int, draft: Draft) -> list[int]:
    """The messages this key already stands for. The parts of a split text carry the key with a number."""
    key = str(draft.idempotency_key)
    keys = [key, *(f"{key}#{part}" for part in range(2, MOST_PARTS + 1))]
    rows = run(session, _EARLIER, {"keys": keys}).all()
    if rows and rows[0][1:] != (conversation_id, fingerprint(draft)):
        raise IdempotencyConflict
    return [row.id for row in rows]


_EARLIER = """
SELECT id, conversation_id, payload ->> 'fingerprint' FROM messages
WHERE idempotency_key = ANY(%(keys)s::text[]) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """The conversation a message goes to, locked, with what decides whether it may."""

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


_PLACE = f"""
SELECT c.id, c.channel_id, c.identity_id, i.address, c.kind, ch.provider, c.status, c.window_expires_at, i.opted_out_at,
       i.marketing_stopped_at, i.ended_at, {IN_GROUP}
FROM conversations c
JOIN channels ch ON ch.id = c.channel_id
JOIN identities i ON i.id = c.identity_id
WHERE c.id = ANY(%(conversations)s::bigint[]) ORDER BY c.id FOR UPDATE OF c
"""  # noqa: S608 - a part of ours


def _load(session: Session, conversation_ids: Iterable[int]) -> dict[int, _Place]:
    rows = run(session, _PLACE, {"conversations": list(conversation_ids)})
    return {row[0]: _Place(*row) for row in rows}


def _split(place: _Place, content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if content["type"] != "text":
        return [content]
    parts = split_text(content["text"], text_limit(place.provider))
    return [{**content, "text": part} for part in parts]


# One statement for the messages, their deliveries and the conversations: this is written for every answer. The list of
# conversations shows the newest words; its customer waits until the answer was sent. No message stands above one that
# was there before it, whatever time that one carries.
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
    FROM part WHERE c.id = part.conversation AND part.last
)
SELECT id, conversation_id FROM message ORDER BY id
"""


def _store(session: Session, business_id: int, parts: Sequence[Mapping[str, Any]]) -> Sequence[tuple[int, int]]:
    """The ids of the new messages, each with its conversation's."""
    rows = run(session, _STORE, {"business": business_id, "parts": json.dumps(parts)})
    return [(message_id, conversation_id) for message_id, conversation_id in rows]


def _part_key(key: str | None, number: int) -> str | None:
    return key if key is None or number == 1 else f"{key}#{number}"
