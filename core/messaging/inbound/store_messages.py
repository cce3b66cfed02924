"""Store customers' messages once each and in order, and update their conversations."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.channels.kinds import rules
from core.channels.types import InboundMessage
from core.conversations import incoming
from core.messaging import csat
from core.messaging.contacts import shared_numbers
from core.messaging.contacts.addresses import Address, ResolvedContact
from core.messaging.contacts.resolve import resolve, set_opted_out
from core.messaging.inbound import message_changes, threads
from core.models import Attachment, Direction, Message, MessageStatus, Sender
from core.models.message import ABOUT_ANOTHER
from core.platform.db import business_of, run

if TYPE_CHECKING:
    from core.messaging.inbound.routes import Route


@dataclass(slots=True)
class PlacedMessage:
    """A message with the conversation it belongs to and the rating it contains.

    `owner_id`: the contact of that conversation, if another one wrote in it.
    """

    event_id: int
    route: Route
    message: InboundMessage
    known: ResolvedContact
    conversation_id: int
    rating: csat.Rating | None
    owner_id: int | None = None


def store(session: Session, arrived: Sequence[tuple[int, Route, InboundMessage]]) -> None:
    """Store new messages. A message that is stored already is left unchanged."""
    if not arrived:
        return
    arrived, conflicts = shared_numbers.apply_shared(session, arrived)
    known = resolve(session, [address_of(route, message) for _, route, message in arrived])
    targets = _targets(session, arrived)
    joined = threads.find(session, [(route.channel_id, message) for _, route, message in arrived])
    ratings = csat.match_answers(session, [_rating_answer(item, who) for item, who in zip(arrived, known, strict=True)])
    opened = incoming.find_or_open(
        session,
        [
            incoming.ConversationKey(route.channel_id, route.kind, who.contact_id, who.identity_id, route.bot)
            for (_, route, message), who, rated, thread in zip(arrived, known, ratings, joined, strict=True)
            if rated is None and (route.channel_id, message.target) not in targets and thread is None
        ],
    )
    placed: list[PlacedMessage] = []
    for (event_id, route, message), who, rated, thread in zip(arrived, known, ratings, joined, strict=True):
        home = _home(thread, placed)
        conversation_id = (
            rated.conversation_id
            if rated
            else targets.get((route.channel_id, message.target))
            or (home.conversation_id if home else opened[(route.channel_id, who.contact_id)])
        )
        owner_id = home.contact_id if home and home.contact_id != who.contact_id else None
        placed.append(PlacedMessage(event_id, route, message, who, conversation_id, rated, owner_id))
    stored, changed_before = insert(session, placed)
    fresh = [
        (item, message_id)
        for item in placed  # of two with one id the first was stored
        if (message_id := stored.pop((item.route.channel_id, item.message.provider_id), None))
    ]
    add_files(session, fresh)
    made = [change_of(*one) for one in fresh if one[0].message.type in ABOUT_ANOTHER and one[0].message.target]
    if changed_before:
        made = [*message_changes.stored_changes(session, changed_before), *made]
    owed = message_changes.apply(session, made)
    _apply_opt_outs(session, fresh)
    incoming.apply(session, [_incoming(item, message_id, owed) for item, message_id in fresh])
    message_changes.settle(session, made)
    for item, _ in fresh:
        if conflict := conflicts.get(item.message.provider_id):
            shared_numbers.notify_conflict(session, item.conversation_id, conflict)
    csat.save(session, [item.rating for item, _ in fresh if item.rating])


def _home(thread: threads.Home | int | None, placed: Sequence[PlacedMessage]) -> threads.Home | None:
    """Return the conversation that a thread leads to, also by way of an earlier message of the batch."""
    if not isinstance(thread, int):
        return thread
    earlier = placed[thread]
    return threads.Home(earlier.conversation_id, earlier.owner_id or earlier.known.contact_id)


def _rating_answer(arrived: tuple[int, Route, InboundMessage], who: ResolvedContact) -> csat.CustomerText | None:
    """Return the text that may answer a rating request, None for other messages."""
    _, route, message = arrived
    if message.type != "text" or message.echo or message.historic or message.group_id:
        return None
    return csat.CustomerText(route.channel_id, who.contact_id, message.text, message.timestamp)


def _apply_opt_outs(session: Session, fresh: Sequence[tuple[PlacedMessage, int]]) -> None:
    """Apply the last STOP or START of each customer, on any of their addresses."""
    opt_outs = {
        (item.message.kind, item.known.contact_id): item.message.opt_out
        for item, _ in sorted(fresh, key=lambda one: one[0].message.timestamp)
        if item.message.opt_out is not None and not item.message.historic
    }
    for (kind, contact_id), opted_out in opt_outs.items():
        set_opted_out(session, contact_id, kind, opted_out=opted_out)


def address_of(route: Route, message: InboundMessage) -> Address:
    """Return the customer's address of a message."""
    name = readable_name(message.profile_name or "") or None
    return Address(
        message.kind, message.sender, message.aliases, message.phone, name, message.username, route.account,
        message.timestamp,
    )  # fmt: skip


def readable_name(name: str) -> str:
    """Return a customer's name on one line, without bidirectional control characters."""
    cleaned = "".join(
        " " if unicodedata.category(sign) == "Cc" else sign for sign in name if sign not in _BIDI_CONTROLS
    )
    return " ".join(cleaned.split())[:_LONGEST_NAME]


_LONGEST_NAME = 200  # characters
_BIDI_CONTROLS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _targets(
    session: Session, arrived: Sequence[tuple[int, Route, InboundMessage]]
) -> dict[tuple[int, str | None], int]:
    """Return the conversations of the messages that reactions, edits and revocations are about, where known."""
    wanted = {(route.channel_id, message.target) for _, route, message in arrived if message.target}
    if not wanted:
        return {}
    rows = session.execute(
        select(Message.channel_id, Message.provider_id, Message.conversation_id).where(
            tuple_(Message.channel_id, Message.provider_id).in_(wanted)
        )
    )
    return {(channel_id, provider_id): conversation_id for channel_id, provider_id, conversation_id in rows}


def insert(session: Session, placed: Sequence[PlacedMessage]) -> tuple[dict[tuple[int, str], int], list[int]]:
    """Insert messages in order of arrival.

    Returns the ids of the new ones, and of those among them whose edit or revocation was stored before.
    """
    values = {"business": business_of(session), "rows": json.dumps([_row(item) for item in placed])}
    rows = run(session, _STORE, values).all()
    return {(row.channel_id, row.provider_id): row.id for row in rows}, [row.id for row in rows if row.changed]


# A customer's message sorts after all that we sent before it came, whatever the provider's clock says: the bot and
# people read one order, and an answer (`core.messaging.outbound.enqueue`) sorts after what it answers. The provider's
# own time is then stored as `written_at`. Messages of one side, echoes and imported ones keep the provider's order.
_STORE = """
INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload, status,
                      provider_id, reply_to, event_id, created_at, sent_at)
SELECT %(business)s, r.conversation, r.channel, r.direction, r.sender, r.type, r.words,
       CASE WHEN ours.newest - r.at >= interval '1 second'
            THEN r.payload || jsonb_build_object('written_at', r.at) ELSE r.payload END,
       r.status, r.provider_id, r.reply_to, r.event, coalesce(ours.newest, r.at), r.sent_at
FROM ROWS FROM (jsonb_to_recordset(%(rows)s::jsonb) AS (
    conversation bigint, channel bigint, direction text, sender text, type text, words text, payload jsonb, status text,
    provider_id text, reply_to text, event bigint, at timestamptz, sent_at timestamptz, live boolean
)) WITH ORDINALITY AS r (conversation, channel, direction, sender, type, words, payload, status, provider_id, reply_to,
                         event, at, sent_at, live, number)
LEFT JOIN LATERAL (
    SELECT max(created_at) AS newest FROM messages
    WHERE r.live AND conversation_id = r.conversation AND created_at > r.at AND direction = 'outbound'
      AND event_id IS NULL
) ours ON true
ORDER BY r.number
ON CONFLICT (channel_id, provider_id) WHERE provider_id IS NOT NULL DO NOTHING
RETURNING id, channel_id, provider_id, EXISTS (
    SELECT FROM messages e WHERE e.type IN ('edit', 'revoke') AND e.channel_id = messages.channel_id
      AND e.reply_to = messages.provider_id) AS changed
"""


def _row(item: PlacedMessage) -> dict[str, Any]:
    message = item.message
    at = message.timestamp.isoformat()
    return {
        "conversation": item.conversation_id,
        "channel": item.route.channel_id,
        "direction": Direction.OUTBOUND if message.echo else Direction.INBOUND,
        "sender": Sender.AGENT if message.echo else Sender.CUSTOMER,
        "type": message.type,
        "words": message.text,
        "payload": _payload(message),
        "status": MessageStatus.SENT if message.echo else MessageStatus.RECEIVED,
        "provider_id": message.provider_id,
        "reply_to": message.target if message.type in ("edit", "revoke") else message.reply_to,
        "event": item.event_id,
        "at": at,
        "sent_at": at if message.echo else None,
        "live": not (message.echo or message.historic),
    }


def _payload(message: InboundMessage) -> dict[str, Any]:
    """Return a message's payload. A provider's new parameter must not pass for one of those that we add ourselves."""
    provider_keys = {name: part for name, part in message.payload.items() if name not in _RESERVED_KEYS}
    return {**provider_keys, **({"group_id": message.group_id} if message.group_id else {})}


# Keys that we add: by later events (`core.messaging.inbound.message_changes`), when it was written, and our own file.
_RESERVED_KEYS = frozenset({"edited", "revoked", "reactions", "written_at", "media", "group_id"})


def add_files(session: Session, fresh: Sequence[tuple[PlacedMessage, int]]) -> None:
    """Insert the messages' files, due for download."""
    rows = [
        {
            "message_id": message_id,
            "position": position,
            "provider_media_id": media.provider_media_id,
            "url": media.url,
            "mime_type": media.mime_type,
            "filename": media.filename,
            "sha256": media.sha256,
        }
        for item, message_id in fresh
        for position, media in enumerate(item.message.media)
    ]
    if rows:
        session.execute(pg_insert(Attachment).values(next_attempt_at=func.now()), rows)


def change_of(item: PlacedMessage, message_id: int) -> message_changes.Change:
    """Return the change that a reaction, edit or revocation makes."""
    message = item.message
    return message_changes.Change(
        message_id=message_id,
        channel_id=item.route.channel_id,
        conversation_id=item.conversation_id,
        type=message.type,
        target=message.target or "",
        sender=message.sender,
        text=message.text,
        payload=dict(message.payload),
        at=message.timestamp,
    )


def _incoming(item: PlacedMessage, message_id: int, owed: Collection[int]) -> incoming.IncomingMessage:
    message = item.message
    return incoming.IncomingMessage(
        conversation_id=item.conversation_id,
        message_id=message_id,
        identity_id=item.known.identity_id if item.owner_id is None else None,
        kind=item.route.kind,
        bot=item.route.bot,
        text=message.text,
        at=message.timestamp,
        type=message.type,
        from_customer=not message.echo,
        historic=message.historic or _is_unanswered(message),
        for_people=_needs_human(message),
        owed_answer=not (
            item.rating
            or message.echo
            or message.historic
            or _needs_human(message)
            or message.opt_out is not None
            or message.answered
            or (message.type in ABOUT_ANOTHER and message_id not in owed)
            or message.type == "system"
            or _answered(message)
        ),
    )


def _needs_human(message: InboundMessage) -> bool:
    """Return whether no bot may answer: it came in a group, or by a machine such as a name or a short code."""
    by_machine = rules(message.kind).numbers_only and message.phone is None and not message.echo
    return bool(message.group_id) or message.for_people or by_machine


def _answered(message: InboundMessage) -> bool:
    """Return whether it is a call that somebody took."""
    return message.type == "call" and message.payload["call"]["answered"] is True


def _is_unanswered(message: InboundMessage) -> bool:
    """Return whether it is our unanswered call or our reaction: shown, but no answer."""
    return message.echo and (message.type == "reaction" or (message.type == "call" and not _answered(message)))
