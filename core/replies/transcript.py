"""Read a conversation's messages as turns for the bot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from core.channels.content import plain_text as words_of
from core.models import Sender
from core.platform.db import run
from core.types import Role, Turn

_IGNORED_TYPES = ["event", "note", "reaction", "revoke", "system"]
# Payload keys not loaded: their text is the message's, and can be long.
_OMITTED_KEYS = ["raw", "contacts", "product_items", "order", "response", "parameters", "errors", "mail"]
_CHOICE_TYPES = frozenset({"button", "interactive"})  # their text is the choice, whoever pressed them
_ROLES = {Sender.CUSTOMER: Role.CUSTOMER, Sender.BOT: Role.BOT, Sender.AGENT: Role.AGENT}

# Deleted messages, and messages in a group, are not answered.
IN_PROMPT = "type <> ALL(%(not_said)s::text[]) AND NOT payload ?| '{revoked,group_id}'"
MESSAGE_COLUMNS = """m.id, m.sender, m.type, m.text, extract(epoch FROM m.created_at)::float, m.provider_id,
    CASE WHEN m.type = 'unknown' THEN jsonb_build_object('raw', jsonb_build_object('type', m.payload #> '{raw,type}'))
         WHEN m.payload <> '{}' THEN m.payload - %(heavy)s::text[] END,
    CASE WHEN m.reply_to IS NOT NULL AND m.type <> 'edit' THEN coalesce((
        SELECT jsonb_build_array(q.type, q.text, q.payload ->> 'filename') FROM messages q
        WHERE q.channel_id = m.channel_id AND q.provider_id = m.reply_to), '["", "", null]') END"""
PARAMETERS = {"not_said": _IGNORED_TYPES, "heavy": _OMITTED_KEYS}


class ThreadMessage(NamedTuple):
    """A message. `quoted`: the message it replies to, None if it is no reply."""

    id: int
    sender: str
    type: str
    text: str
    created_at: datetime
    provider_id: str | None
    payload: dict[str, Any]
    quoted: str | None


def to_messages(rows: Iterable[Sequence[Any]]) -> list[ThreadMessage]:
    """Convert rows in thread order (`created_at`, then arrival) to messages."""
    return [
        ThreadMessage(
            number, sender, kind, words, datetime.fromtimestamp(at, UTC), provider_id, payload or {}, _quote(quoted)
        )
        for number, sender, kind, words, at, provider_id, payload, quoted in rows
    ]


def _quote(quoted: Sequence[str | None] | None) -> str | None:
    """Return the text or the type of the message replied to; "" if it is not stored."""
    if quoted is None:
        return None
    kind, words, filename = quoted
    named = kind if kind in words_of.FILES else ""
    return " ".join(filter(None, (named, words or filename or kind)))


def to_turns(messages: Sequence[ThreadMessage]) -> tuple[Turn, ...]:
    """Convert messages to turns.

    An edited message has its new text: an edit is a turn of its own only if the old text, or a later message, had been
    answered before it.
    """
    unanswered: set[str | None] = set()
    turns = []
    for message in messages:
        if message.sender not in _ROLES or (
            message.type == "edit" and message.payload.get("original_message_id") in unanswered
        ):
            continue
        if message.sender == Sender.CUSTOMER:
            unanswered.add(message.provider_id)
        else:
            unanswered.clear()
        turns.append(_turn(message))
    return tuple(turns)


def _turn(message: ThreadMessage) -> Turn:
    kind, payload = message.type, message.payload
    words = str((payload.get("edited") or {}).get("text") or message.text)
    readable = _is_readable(kind, words, payload)
    is_text = kind == "text" or (kind in _CHOICE_TYPES and words.strip() and readable)
    content = words if is_text else f"[{words_of.unread(kind, payload)}] {words}".strip()
    if emoji := " ".join(filter(None, (payload.get("reactions") or {}).values())):
        content += f"\n[reaction: {emoji}]"
    about = words_of.about(kind, payload, message.quoted) if message.sender == Sender.CUSTOMER else ""
    return Turn(_ROLES[Sender(message.sender)], content, message.created_at, readable, about)


def _is_readable(kind: str, words: str, payload: dict[str, Any]) -> bool:
    """Return whether the text conveys the content: a file name, or "Sent" of an empty form, does not."""
    if kind in words_of.FILES and not payload.get("caption") and words == payload.get("filename"):
        return False
    if payload.get("type") == "nfm_reply" and not words_of.as_text(kind, payload):
        return False
    return bool(words.strip() or words_of.about(kind, payload))


def turns_until(session: Session, conversation_id: int, *, limit: int, until: int | None = None) -> tuple[Turn, ...]:
    """Return the newest `limit` messages of a conversation up to the one with id `until`, as turns in order."""
    values = {"id": conversation_id, "limit": limit, "until": until, **PARAMETERS}
    return to_turns(to_messages(reversed(run(session, _UNTIL, values).all())))


_UNTIL = f"""
SELECT {MESSAGE_COLUMNS} FROM messages m
WHERE conversation_id = %(id)s AND {IN_PROMPT}
  AND (%(until)s::bigint IS NULL OR id <= %(until)s)
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608 - parts of our own
