"""Apply incoming messages to conversations: open them, update counters and waits, schedule the bot's reply."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.channels.kinds import rules
from core.conversations import lifecycle
from core.models import Mode, PendingReply
from core.models.message import ABOUT_ANOTHER
from core.platform import events
from core.platform.config import get_settings
from core.platform.db import run
from core.text.courtesy import Courtesy, courtesy_of
from core.types import Autonomy, ReplyPolicy

_LONGEST_WAIT = 5  # quiet windows after which a customer who keeps writing is answered
_PREVIEW = 200
_OPENER_WORDS = 3
_LONGEST_OPENER = 30  # characters: not every script separates words


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """A conversation to find or open; unique by channel and contact."""

    channel_id: int
    kind: str
    contact_id: int
    identity_id: int
    bot: ReplyPolicy | None


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message that was just stored. `owed_answer`: the bot or an agent should answer it.

    If not `from_customer`, it was written on the business's own phone. One that is `for_people` is never answered by
    the bot and opens no customer-service window. Without an `identity_id` somebody else than the customer wrote it, in
    the customer's thread: the bot leaves the conversation to people.
    """

    conversation_id: int
    message_id: int
    identity_id: int | None
    kind: str
    bot: ReplyPolicy | None
    text: str
    at: datetime
    type: str
    from_customer: bool
    historic: bool
    owed_answer: bool
    for_people: bool = False

    @property
    def takes_over(self) -> bool:
        """Whether someone on the business's own phone takes the conversation over from the bot."""
        return not self.from_customer and not self.historic

    @property
    def says(self) -> bool:
        """Whether it has content of its own; reactions, edits and revocations refer to another message."""
        return self.type not in ABOUT_ANOTHER

    @property
    def edits(self) -> bool:
        """Whether the customer edited an earlier message."""
        return self.type == "edit" and self.from_customer and not self.historic


def find_or_open(session: Session, keys: Iterable[ConversationKey]) -> dict[tuple[int, int], int]:
    """Return the id of the open conversation of each (channel id, contact id), opening missing ones.

    The rows are locked: none can be closed, and no reply to earlier messages is stored after the new ones.
    """
    by_pair = {(key.channel_id, key.contact_id): key for key in keys}
    if not by_pair:
        return {}
    existing = _open_conversations(session, by_pair)
    missing = [key for pair, key in by_pair.items() if pair not in existing]
    if missing:
        values = {
            "channels": [key.channel_id for key in missing],
            "contacts": [key.contact_id for key in missing],
            "identities": [key.identity_id for key in missing],
            "kinds": [key.kind for key in missing],
            "modes": [Mode.BOT.value if _bot_replies(key.bot) else Mode.HUMAN.value for key in missing],
        }
        run(session, _OPEN, values)
        existing = _open_conversations(session, by_pair)
    return existing


_OPEN = """
INSERT INTO conversations (channel_id, contact_id, identity_id, kind, mode)
SELECT * FROM unnest(%(channels)s::bigint[], %(contacts)s::bigint[], %(identities)s::bigint[], %(kinds)s::text[],
                     %(modes)s::text[])
ON CONFLICT DO NOTHING
"""


def _open_conversations(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    channels, contacts = zip(*pairs, strict=True)
    rows = run(session, _FIND, {"channels": list(channels), "contacts": list(contacts)})
    return {(channel_id, contact_id): conversation_id for channel_id, contact_id, conversation_id in rows}


_FIND = """
SELECT c.channel_id, c.contact_id, c.id
FROM unnest(%(channels)s::bigint[], %(contacts)s::bigint[]) AS pair (channel, contact)
JOIN conversations c ON c.channel_id = pair.channel AND c.contact_id = pair.contact AND c.status <> 'closed'
ORDER BY c.id FOR UPDATE OF c
"""


def _bot_replies(policy: ReplyPolicy | None) -> bool:
    return policy is not None and policy.enabled and policy.autonomy != Autonomy.OFF


def apply(session: Session, arrivals: Sequence[IncomingMessage]) -> None:
    """Update conversations with their new messages, schedule the bot's replies and alert agents."""
    by_conversation: dict[int, list[IncomingMessage]] = defaultdict(list)
    for one in arrivals:
        by_conversation[one.conversation_id].append(one)
    if not by_conversation:
        return
    before = _update(session, by_conversation)
    _cancel_replies(session, [i for i, own in by_conversation.items() if any(one.takes_over for one in own)])
    _schedule_replies(session, by_conversation, before)
    _hand_off_shared(session, by_conversation)
    _hand_off_without_bot(session, by_conversation, before)
    for conversation_id, own in by_conversation.items():
        events.publish_change(session, conversation_id, _agent_to_alert(own, before.get(conversation_id)))


def _hand_off_shared(session: Session, by_conversation: Mapping[int, Sequence[IncomingMessage]]) -> None:
    """Hand off what several people write about: the bot answers one."""
    for conversation_id, own in by_conversation.items():
        if any(one.identity_id is None and one.owed_answer for one in own):
            lifecycle.hand_off(session, conversation_id, "several_people")


def _hand_off_without_bot(
    session: Session, by_conversation: Mapping[int, Sequence[IncomingMessage]], before: Mapping[int, _Before]
) -> None:
    """Assign and announce a new conversation that no bot answers, like a hand-off by the bot."""
    for conversation_id, own in by_conversation.items():
        previous = before[conversation_id]
        if previous.mode != Mode.HUMAN or previous.assignee_id or previous.handed_off:
            continue
        owed = next((one for one in own if one.owed_answer and not _needs_no_answer(one, previous)), None)
        if owed is None or _bot_replies(owed.bot):
            continue
        reason = "no_bot" if owed.bot is None else "bot_off"
        lifecycle.hand_off(session, conversation_id, reason, current_mode=Mode.HUMAN)


def _needs_no_answer(one: IncomingMessage, previous: _Before) -> bool:
    """Whether it is thanks, a farewell, or an "ok" that cannot answer a question of ours. Greetings need an answer."""
    courtesy = courtesy_of(one.text) if one.type == "text" else None
    return courtesy in (Courtesy.THANKS, Courtesy.FAREWELL) or (courtesy is Courtesy.ACKNOWLEDGEMENT and previous.first)


def _agent_to_alert(own: Sequence[IncomingMessage], before: _Before | None) -> int | None:
    """Return the agent to alert at once (`ALL_AGENTS` if unassigned), or None while the bot answers."""
    if before is None or before.mode != Mode.HUMAN or not any(one.owed_answer or one.edits for one in own):
        return None
    return before.assignee_id or events.ALL_AGENTS


@dataclass(frozen=True, slots=True)
class _Before:
    mode: str
    assignee_id: int | None
    first: bool  # it has no messages yet
    handed_off: bool


def _update(session: Session, by_conversation: Mapping[int, Sequence[IncomingMessage]]) -> dict[int, _Before]:
    """Update the conversation rows; return their state before the update."""
    changes = [_changes(conversation_id, own) for conversation_id, own in by_conversation.items()]
    values = {"conversations": list(by_conversation), "changes": json.dumps(changes)}
    return {
        conversation_id: _Before(mode, assignee_id, first=not text and waiting is None, handed_off=handed_off)
        for conversation_id, mode, assignee_id, text, waiting, handed_off in run(session, _UPDATE, values)
    }


# Rows are locked in id order, so that two batches cannot deadlock. An edit is not a new message, but it marks the
# conversation as unread for agents who have read the old text.
_UPDATE = """
WITH before AS (
    SELECT id, mode, status, assignee_id, last_message_text, waiting_since, handed_off_at IS NOT NULL AS handed_off
    FROM conversations
    WHERE id = ANY(%(conversations)s::bigint[]) ORDER BY id FOR UPDATE
), changes AS (
    SELECT * FROM jsonb_to_recordset(%(changes)s::jsonb) AS n (
        conversation bigint, identity bigint, unread integer, at timestamptz, words text, waiting timestamptz,
        closing timestamptz, answered boolean, taken_over boolean, asked bigint, edited boolean)
), updated AS (
    UPDATE conversations c SET
        identity_id = coalesce((SELECT id FROM contact_identities WHERE id = n.identity
          AND ended_at IS NULL), c.identity_id),
        unread_count = CASE WHEN shown.edit THEN greatest(c.unread_count + n.unread, 1)
                            ELSE c.unread_count + n.unread END,
        last_message_at = greatest(c.last_message_at, n.at),
        last_message_text = coalesce(n.words, c.last_message_text),
        waiting_since = CASE WHEN n.answered THEN NULL ELSE coalesce(c.waiting_since, n.waiting) END,
        asked_id = greatest(c.asked_id, n.asked),
        unsent_id = CASE WHEN n.answered THEN NULL ELSE c.unsent_id END,
        unsent_at = CASE WHEN n.answered THEN NULL ELSE c.unsent_at END,
        window_expires_at = greatest(c.window_expires_at, n.closing),
        mode = CASE WHEN n.taken_over THEN 'human' ELSE c.mode END,
        status = CASE WHEN (n.unread > 0 OR shown.edit) AND c.status IN ('pending', 'snoozed') THEN 'open'
                      ELSE c.status END,
        snoozed_until = CASE WHEN n.unread > 0 OR shown.edit THEN NULL ELSE c.snoozed_until END
    FROM before JOIN changes n ON n.conversation = before.id
    CROSS JOIN LATERAL (SELECT n.edited AND before.mode = 'human' AND before.status <> 'closed' AS edit) shown
    WHERE c.id = before.id
)
SELECT id, mode, assignee_id, last_message_text, waiting_since, handed_off FROM before
"""


def _changes(conversation_id: int, own: Sequence[IncomingMessage]) -> dict[str, object]:
    """Return the changes for `_UPDATE`. A message from the business's own phone takes the conversation over."""
    newest = max(own, key=lambda one: (one.at, one.message_id))
    latest = max((one for one in own if one.says), key=lambda one: (one.at, one.message_id), default=None)
    owed = [one for one in own if one.owed_answer]
    customers = [one for one in own if one.from_customer]
    direct = [one for one in customers if not one.for_people]
    window = rules(own[0].kind).reply_window
    return {
        "conversation": conversation_id,
        "identity": next((one.identity_id for one in reversed(customers) if one.identity_id), None),
        "unread": len(owed)
        + sum(one.for_people and one.from_customer and one.says and not one.historic for one in own),
        "at": newest.at.isoformat(),
        "words": latest.text[:_PREVIEW] if latest else None,
        "waiting": min(one.at for one in owed).isoformat() if owed else None,
        "closing": (max(one.at for one in direct) + window).isoformat() if direct and window else None,
        "answered": newest.takes_over and newest.says,
        "asked": max(one.message_id for one in owed) if owed else None,
        "taken_over": any(one.takes_over for one in own),
        "edited": any(one.edits for one in own),
    }


def _cancel_replies(session: Session, conversation_ids: Sequence[int]) -> None:
    if conversation_ids:
        session.execute(
            delete(PendingReply)
            .where(PendingReply.conversation_id.in_(conversation_ids))
            .execution_options(synchronize_session=False)
        )


def _schedule_replies(
    session: Session, by_conversation: dict[int, list[IncomingMessage]], before: dict[int, _Before]
) -> None:
    unanswered = {
        conversation_id: owed
        for conversation_id, own in by_conversation.items()
        if before[conversation_id].mode == Mode.BOT
        and not any(one.takes_over for one in own)
        and (owed := [one for one in own if one.owed_answer])
    }
    if not unanswered:
        return
    settings = get_settings()
    rows = []
    for conversation_id, owed in unanswered.items():
        bot = owed[0].bot
        quiet = settings.reply_quiet_seconds if bot is None or bot.quiet is None else bot.quiet
        if before[conversation_id].first and len(owed) == 1 and owed[0].type == "text" and not _is_opener(owed[0].text):
            quiet = min(settings.reply_first_quiet_seconds, quiet)
        rows.append(
            {
                "conversation": conversation_id,
                "quiet": quiet,
                "latest": max(one.message_id for one in owed),
            }
        )
    run(session, _SCHEDULE, {"owed": json.dumps(rows), "patience": _LONGEST_WAIT})


def _is_opener(text: str) -> bool:
    """Whether a first message is so short that more is likely to follow ("hola")."""
    is_question = any(mark in text for mark in "?？؟")
    return not is_question and len(text) <= _LONGEST_OPENER and len(text.split()) <= _OPENER_WORDS


_SCHEDULE = """
INSERT INTO pending_replies AS turn (conversation_id, latest_message_id, first_message_at, due_at)
SELECT o.conversation, o.latest, clock_timestamp(), clock_timestamp() + make_interval(secs => o.quiet)
FROM jsonb_to_recordset(%(owed)s::jsonb) AS o (conversation bigint, latest bigint, quiet float)
ON CONFLICT (conversation_id) DO UPDATE SET
    latest_message_id = excluded.latest_message_id,
    due_at = greatest(clock_timestamp(), least(
        excluded.due_at,
        turn.first_message_at + (excluded.due_at - excluded.first_message_at) * %(patience)s::int
    ))
"""
