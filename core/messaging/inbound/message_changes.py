"""Reactions, edits and revocations, applied to the message that they are about.

They are stored but need no answer, unless an edit changes what was answered already.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, tuple_
from sqlalchemy.orm import Session

from core.models import Message, Sender
from core.models.message import ABOUT_ANOTHER
from core.platform.db import run


@dataclass(frozen=True, slots=True)
class Change:
    """What a message of a type in `ABOUT_ANOTHER` says of its `target`, the provider's id of another message."""

    message_id: int
    channel_id: int
    conversation_id: int
    type: str
    target: str
    sender: str
    text: str
    payload: dict[str, Any]
    at: datetime


def apply(session: Session, changes: Sequence[Change]) -> set[int]:
    """Apply changes to their messages. Returns the ids of the edits that need an answer.

    A message's `text` is its newest; the first one is in `payload.edited.before`. A revoked message has no text; what
    it had is in `payload.revoked.text`.
    """
    owed = set()
    for change in changes:
        target = session.scalars(
            select(Message)
            .where(Message.channel_id == change.channel_id, Message.provider_id == change.target)
            .with_for_update()
        ).one_or_none()
        if change.type == "edit" and (
            target is None or (change.text != target.text and _answered(session, target, change.message_id))
        ):
            owed.add(change.message_id)
        if target is not None:
            _change(target, change)
            session.flush()
        if change.type == "revoke":
            run(session, _FORGET_EDITS, {"channel": change.channel_id, "target": change.target})
    return owed


def _change(target: Message, change: Change) -> None:
    payload = target.payload
    if change.type == "reaction":
        reactions = {**payload.get("reactions", {}), change.sender: change.payload.get("emoji") or None}
        target.payload = {**payload, "reactions": {who: emoji for who, emoji in reactions.items() if emoji}}
    elif change.type == "revoke":
        revoked = payload.get("revoked") or {"at": change.at.isoformat(), "text": target.text}
        target.payload, target.text = {**payload, "revoked": revoked}, ""
    elif "revoked" not in payload:
        before = (payload.get("edited") or {}).get("before", target.text)
        edited = {"text": change.text, "before": before, "at": change.at.isoformat()}
        new = change.payload.get("message") or {}
        caption = {"caption": new["caption"]} if new.get("caption") else {}
        target.payload, target.text = {**payload, **caption, "edited": edited}, change.text


_FORGET_EDITS = """
UPDATE messages SET text = '', payload = payload - 'message' || '{"revoked": true}'
WHERE channel_id = %(channel)s AND type = 'edit' AND type IN ('edit', 'revoke') AND reply_to = %(target)s
"""


def _answered(session: Session, target: Message, change_id: int) -> bool:
    """Return whether the bot or an agent has written since the message."""
    later = tuple_(Message.created_at, Message.id) > (target.created_at, target.id)
    return bool(
        session.scalar(
            select(
                exists().where(
                    Message.conversation_id == target.conversation_id,
                    later,
                    Message.id < change_id,
                    Message.sender.in_((Sender.BOT, Sender.AGENT)),
                    Message.type != "note",
                )
            )
        )
    )


def stored_changes(session: Session, message_ids: Collection[int]) -> list[Change]:
    """Return edits and revocations stored before their messages: webhooks come in any order."""
    rows = run(session, _EARLIER, {"messages": list(message_ids)})
    return [Change(*row) for row in rows]


_EARLIER = """
SELECT e.id, e.channel_id, e.conversation_id, e.type, m.provider_id, '', e.text, e.payload, e.created_at
FROM messages m JOIN messages e ON e.channel_id = m.channel_id AND e.type IN ('edit', 'revoke')
  AND e.reply_to = m.provider_id
WHERE m.id = ANY(%(messages)s::bigint[]) ORDER BY e.id
"""


def settle(session: Session, changes: Sequence[Change]) -> None:
    """Refresh what depends on changed messages.

    The preview in the list, a pending reply, and the wait for an agent's answer where nothing is left to answer.
    """
    newest = {one.conversation_id: one.message_id for one in changes if one.type != "reaction"}
    if newest:
        values = {"conversations": list(newest), "latest": list(newest.values())}
        run(session, _PREVIEW, values)
        run(session, _STALE, values)
    if taken_back := {one.conversation_id for one in changes if one.type == "revoke"}:
        run(session, _NOTHING_LEFT, {"conversations": list(taken_back), "about": list(ABOUT_ANOTHER)})


_PREVIEW = """
UPDATE conversations c SET last_message_text = left(coalesce((
    SELECT text FROM messages m WHERE m.conversation_id = c.id
      AND m.type NOT IN ('event', 'note', 'system', 'reaction', 'edit', 'revoke') AND NOT EXISTS (
        SELECT FROM deliveries d WHERE d.message_id = m.id AND d.scheduled_for > now())
    ORDER BY m.created_at DESC, m.id DESC LIMIT 1), ''), 200)
WHERE c.id = ANY(%(conversations)s::bigint[])
"""
_STALE = """
UPDATE pending_replies t SET latest_message_id = greatest(t.latest_message_id, changed.latest)
FROM unnest(%(conversations)s::bigint[], %(latest)s::bigint[]) AS changed (conversation, latest)
WHERE t.conversation_id = changed.conversation
"""
# In human mode: the wait ends when all that the customer wrote since the last answer is deleted, else it starts at the
# oldest message left. A wait that began before what was deleted has another reason and is unchanged. (The bot checks
# its own pending replies when they are due.)
_NOTHING_LEFT = """
WITH talk AS (
    SELECT c.id, (
        SELECT max(m.id) FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id
        WHERE m.conversation_id = c.id AND m.direction = 'outbound'
          AND m.status IN ('sent', 'delivered', 'read', 'played')
          AND (d.answers OR (d.message_id IS NULL AND m.event_id IS NOT NULL AND m.type <> ALL(%(about)s::text[])))
    ) AS answer
    FROM conversations c
    WHERE c.id = ANY(%(conversations)s::bigint[]) AND c.mode = 'human' AND c.waiting_since IS NOT NULL
      AND c.unsent_id IS NULL
), said AS (
    SELECT m.conversation_id, m.payload ? 'revoked' AS gone,
           coalesce((m.payload ->> 'written_at')::timestamptz, m.created_at) AS at
    FROM talk JOIN messages m ON m.conversation_id = talk.id AND m.id > coalesce(talk.answer, 0)
    WHERE m.sender = 'customer' AND m.type NOT IN ('reaction', 'revoke', 'system')
), rest AS (
    SELECT conversation_id, count(*) FILTER (WHERE NOT gone) AS unanswered,
           min(at) FILTER (WHERE NOT gone) AS since, min(at) FILTER (WHERE gone) AS gone
    FROM said GROUP BY conversation_id
)
UPDATE conversations c SET
    waiting_since = CASE WHEN rest.unanswered > 0 THEN greatest(c.waiting_since, rest.since) END,
    unread_count = least(c.unread_count, rest.unanswered)
FROM rest WHERE c.id = rest.conversation_id AND c.waiting_since >= rest.gone
"""
