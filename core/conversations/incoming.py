"""What an arriving message does to its conversation: opens it, counts, marks the customer as waiting, owes a turn."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.channels.types import Kind
from core.conversations import lifecycle
from core.models import Mode, ReplyTurn
from core.models.message import ABOUT_ANOTHER
from core.platform import events
from core.platform.config import get_settings
from core.platform.db import run
from core.text.courtesy import Courtesy, courtesy_of
from core.types import Autonomy, ReplyPolicy

WINDOW = timedelta(hours=24)  # Meta, Cloud API, "Customer service windows"; Twilio's WhatsApp follows it
_LONGEST_WAIT = 5  # a customer who keeps writing is answered after this many quiet windows all the same
_PREVIEW = 200
_OPENER_WORDS = 3
_LONGEST_OPENER = 30  # characters: not every script parts its words


@dataclass(frozen=True, slots=True)
class Wanted:
    """A conversation that must be there."""

    channel_id: int
    kind: str
    contact_id: int
    identity_id: int
    bot: ReplyPolicy | None


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message that was just stored. `owed_answer`: someone, bot or person, should answer it.

    One that is not `from_customer` was written by a person on the business's own phone. The bot leaves one
    that is `for_people` alone, and it opens no window to write to the customer in.
    """

    conversation_id: int
    message_id: int
    identity_id: int
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
        return not self.from_customer and not self.historic

    @property
    def says(self) -> bool:
        """Whether it has words of its own: reactions, edits and revocations are about another message."""
        return self.type not in ABOUT_ANOTHER

    @property
    def edits(self) -> bool:
        """Whether a customer gave a message other words."""
        return self.type == "edit" and self.from_customer and not self.historic


def find_or_open(session: Session, business_id: int, wanted: Iterable[Wanted]) -> dict[tuple[int, int], int]:
    """The open conversation of each (channel, contact), made where there is none. Keyed by that pair.

    It is locked, so that nobody closes it, and no answer to what it held before slips in after what is stored next.
    """
    needed = {(one.channel_id, one.contact_id): one for one in wanted}
    if not needed:
        return {}
    found = _open_conversations(session, needed)
    missing = [one for pair, one in needed.items() if pair not in found]
    if missing:
        values = {
            "business": business_id,
            "channels": [one.channel_id for one in missing],
            "contacts": [one.contact_id for one in missing],
            "identities": [one.identity_id for one in missing],
            "kinds": [one.kind for one in missing],
            "modes": [Mode.BOT.value if _speaks(one.bot) else Mode.HUMAN.value for one in missing],
        }
        run(session, _OPEN, values)
        found = _open_conversations(session, needed)
    return found


_OPEN = """
INSERT INTO conversations (business_id, channel_id, contact_id, identity_id, kind, mode)
SELECT %(business)s, * FROM unnest(%(channels)s::bigint[], %(contacts)s::bigint[], %(identities)s::bigint[],
                                   %(kinds)s::text[], %(modes)s::text[])
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


def _speaks(one: ReplyPolicy | None) -> bool:
    return one is not None and one.enabled and one.autonomy != Autonomy.OFF


def apply(session: Session, business_id: int, arrivals: Sequence[IncomingMessage]) -> None:
    """Bring conversations up to date with their new messages and note where the bot owes an answer."""
    by_conversation: dict[int, list[IncomingMessage]] = defaultdict(list)
    for one in arrivals:
        by_conversation[one.conversation_id].append(one)
    if not by_conversation:
        return
    before = _update(session, by_conversation)
    _drop_turns(session, [i for i, own in by_conversation.items() if any(one.takes_over for one in own)])
    _owe_turns(session, business_id, by_conversation, before)
    _call_people(session, business_id, by_conversation, before)
    for conversation_id, own in by_conversation.items():
        events.notify(session, business_id, conversation_id, _called(own, before.get(conversation_id)))


def _call_people(
    session: Session,
    business_id: int,
    by_conversation: Mapping[int, Sequence[IncomingMessage]],
    before: Mapping[int, _Before],
) -> None:
    """Where no bot answers, somebody is told of a new conversation and given it, as when a bot hands one over."""
    for conversation_id, own in by_conversation.items():
        stood = before[conversation_id]
        owed = next((one for one in own if one.owed_answer and not _asks_for_nothing(one, stood)), None)
        if owed is None or stood.mode != Mode.HUMAN or stood.assignee_id or stood.called or _speaks(owed.bot):
            continue
        reason = "no_bot" if owed.bot is None else "bot_off"
        lifecycle.hand_off(session, business_id, conversation_id, reason, had_by=Mode.HUMAN)


def _asks_for_nothing(one: IncomingMessage, stood: _Before) -> bool:
    """Thanks and a farewell call nobody. Nor does an "ok", unless it may answer something; a greeting is returned."""
    courtesy = courtesy_of(one.text) if one.type == "text" else None
    return courtesy in (Courtesy.THANKS, Courtesy.FAREWELL) or (courtesy is Courtesy.ACKNOWLEDGEMENT and stood.first)


def _called(own: Sequence[IncomingMessage], before: _Before | None) -> int | None:
    """Who should hear at once of these messages: whoever answers, unless that is the bot."""
    if before is None or before.mode != Mode.HUMAN or not any(one.owed_answer or one.edits for one in own):
        return None
    return before.assignee_id or events.ANYBODY


@dataclass(frozen=True, slots=True)
class _Before:
    mode: str
    assignee_id: int | None
    first: bool  # nobody has said anything in it yet
    called: bool  # somebody was told of it


def _update(session: Session, by_conversation: Mapping[int, Sequence[IncomingMessage]]) -> dict[int, _Before]:
    """Bring conversations up to date; returns how they stood before."""
    changes = [_changes(conversation_id, own) for conversation_id, own in by_conversation.items()]
    values = {"conversations": list(by_conversation), "changes": json.dumps(changes)}
    return {
        conversation_id: _Before(mode, assignee_id, first=not text and waiting is None, called=called)
        for conversation_id, mode, assignee_id, text, waiting, called in run(session, _UPDATE, values)
    }


# Locked lowest id first, so that two batches cannot wait for each other. An edit counts as no message, but a person who
# has read the old words must see the new ones.
_UPDATE = """
WITH before AS (
    SELECT id, mode, status, assignee_id, last_message_text, waiting_since, handed_off_at IS NOT NULL AS called
    FROM conversations
    WHERE id = ANY(%(conversations)s::bigint[]) ORDER BY id FOR UPDATE
), news AS (
    SELECT * FROM jsonb_to_recordset(%(changes)s::jsonb) AS n (
        conversation bigint, identity bigint, unread integer, at timestamptz, words text, waiting timestamptz,
        closing timestamptz, answered boolean, taken_over boolean, asked bigint, edited boolean)
), updated AS (
    UPDATE conversations c SET
        identity_id = coalesce((SELECT id FROM identities WHERE id = n.identity AND ended_at IS NULL), c.identity_id),
        unread_count = CASE WHEN heard.edit THEN greatest(c.unread_count + n.unread, 1)
                            ELSE c.unread_count + n.unread END,
        last_message_at = greatest(c.last_message_at, n.at),
        last_message_text = coalesce(n.words, c.last_message_text),
        waiting_since = CASE WHEN n.answered THEN NULL ELSE coalesce(c.waiting_since, n.waiting) END,
        asked_id = greatest(c.asked_id, n.asked),
        unsent_id = CASE WHEN n.answered THEN NULL ELSE c.unsent_id END,
        unsent_at = CASE WHEN n.answered THEN NULL ELSE c.unsent_at END,
        window_expires_at = greatest(c.window_expires_at, n.closing),
        mode = CASE WHEN n.taken_over THEN 'human' ELSE c.mode END,
        status = CASE WHEN (n.unread > 0 OR heard.edit) AND c.status IN ('pending', 'snoozed') THEN 'open'
                      ELSE c.status END,
        snoozed_until = CASE WHEN n.unread > 0 OR heard.edit THEN NULL ELSE c.snoozed_until END
    FROM before JOIN news n ON n.conversation = before.id
    CROSS JOIN LATERAL (SELECT n.edited AND before.mode = 'human' AND before.status <> 'closed' AS edit) heard
    WHERE c.id = before.id
)
SELECT id, mode, assignee_id, last_message_text, waiting_since, called FROM before
"""


def _changes(conversation_id: int, own: Sequence[IncomingMessage]) -> dict[str, object]:
    """What these messages change. A person who answers from the business's own phone takes the conversation over."""
    newest = max(own, key=lambda one: (one.at, one.message_id))
    spoken = max((one for one in own if one.says), key=lambda one: (one.at, one.message_id), default=None)
    owed = [one for one in own if one.owed_answer]
    customers = [one for one in own if one.from_customer]
    direct = [one for one in customers if not one.for_people]
    has_window = own[0].kind == Kind.WHATSAPP and direct
    return {
        "conversation": conversation_id,
        "identity": customers[-1].identity_id if customers else None,
        "unread": len(owed)
        + sum(one.for_people and one.from_customer and one.says and not one.historic for one in own),
        "at": newest.at.isoformat(),
        "words": spoken.text[:_PREVIEW] if spoken else None,
        "waiting": min(one.at for one in owed).isoformat() if owed else None,
        "closing": (max(one.at for one in direct) + WINDOW).isoformat() if has_window else None,
        "answered": newest.takes_over and newest.says,
        "asked": max(one.message_id for one in owed) if owed else None,
        "taken_over": any(one.takes_over for one in own),
        "edited": any(one.edits for one in own),
    }


def _drop_turns(session: Session, conversation_ids: Sequence[int]) -> None:
    if conversation_ids:
        session.execute(
            delete(ReplyTurn)
            .where(ReplyTurn.conversation_id.in_(conversation_ids))
            .execution_options(synchronize_session=False)
        )


def _owe_turns(
    session: Session, business_id: int, by_conversation: dict[int, list[IncomingMessage]], before: dict[int, _Before]
) -> None:
    owing = {
        conversation_id: owed
        for conversation_id, own in by_conversation.items()
        if before[conversation_id].mode == Mode.BOT
        and not any(one.takes_over for one in own)
        and (owed := [one for one in own if one.owed_answer])
    }
    if not owing:
        return
    settings = get_settings()
    rows = []
    for conversation_id, owed in owing.items():
        bot = owed[0].bot
        quiet = settings.reply_quiet_seconds if bot is None or bot.quiet is None else bot.quiet
        if before[conversation_id].first and len(owed) == 1 and owed[0].type == "text" and not _opener(owed[0].text):
            quiet = min(settings.reply_first_quiet_seconds, quiet)
        rows.append(
            {
                "conversation": conversation_id,
                "quiet": quiet,
                "latest": max(one.message_id for one in owed),
            }
        )
    run(session, _OWE, {"business": business_id, "owed": json.dumps(rows), "patience": _LONGEST_WAIT})


def _opener(words: str) -> bool:
    """Whether a first message is so short that it may well only begin what the customer wants to say ("hola")."""
    asks = any(mark in words for mark in "?？؟")
    return not asks and len(words) <= _LONGEST_OPENER and len(words.split()) <= _OPENER_WORDS


_OWE = """
INSERT INTO reply_turns AS turn (business_id, conversation_id, latest_message_id, first_message_at, due_at)
SELECT %(business)s, o.conversation, o.latest, clock_timestamp(), clock_timestamp() + make_interval(secs => o.quiet)
FROM jsonb_to_recordset(%(owed)s::jsonb) AS o (conversation bigint, latest bigint, quiet float)
ON CONFLICT (conversation_id) DO UPDATE SET
    latest_message_id = excluded.latest_message_id,
    due_at = greatest(clock_timestamp(), least(
        excluded.due_at,
        turn.first_message_at + (excluded.due_at - excluded.first_message_at) * %(patience)s::int
    ))
"""
