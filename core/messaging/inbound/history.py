"""Imported history of a number: closed conversations dated by their messages.

They cause no replies, unread counts or notifications and appear in no metrics.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.channels.types import InboundMessage
from core.messaging.contacts.resolve import resolve
from core.messaging.inbound import message_changes
from core.messaging.inbound.store_messages import PlacedMessage, add_files, address_of, change_of, insert
from core.models.message import ABOUT_ANOTHER
from core.platform import events
from core.platform.db import business_of, run

if TYPE_CHECKING:
    from core.messaging.inbound.routes import Route

Pair = tuple[int, int]  # channel and contact


def store(session: Session, arrived: Sequence[tuple[int, Route, InboundMessage]]) -> None:
    """Store old messages that are new here, all of a customer's on a channel in one closed conversation.

    A media message replaces the placeholder that was stored for it before.
    """
    if not arrived:
        return
    known = resolve(session, [address_of(route, message) for _, route, message in arrived])
    there = _there(session, arrived)
    new = [
        (item, who)
        for item, who in zip(arrived, known, strict=True)
        if (item[1].channel_id, item[2].provider_id) not in there
    ]
    by_pair = {(route.channel_id, who.contact_id): (route.kind, who.identity_id) for (_, route, _), who in new}
    conversation_ids = _conversations(session, by_pair)
    placed = [
        PlacedMessage(event_id, route, message, who, conversation_ids[route.channel_id, who.contact_id], None)
        for (event_id, route, message), who in new
    ]
    stored, changed_before = insert(session, placed)
    fresh = [
        (item, message_id)
        for item in placed
        if (message_id := stored.pop((item.route.channel_id, item.message.provider_id), None))
    ]
    filled = _fill(session, [PlacedMessage(*item, who, 0, None) for item, who in zip(arrived, known, strict=True)])
    add_files(session, [*fresh, *filled])
    made = [change_of(*one) for one in fresh if one[0].message.type in ABOUT_ANOTHER and one[0].message.target]
    if changed_before:
        made = [*message_changes.stored_changes(session, changed_before), *made]
    message_changes.apply(session, made)
    _date(session, {item.conversation_id for item, _ in (*fresh, *filled)})
    events.publish_change(session, 0)


def _there(session: Session, arrived: Iterable[tuple[int, Route, InboundMessage]]) -> set[tuple[int, str]]:
    """Return which of the messages are stored already: no conversation is created for these."""
    named = [(route.channel_id, message.provider_id) for _, route, message in arrived]
    values = {"channels": [channel_id for channel_id, _ in named], "ids": [provider_id for _, provider_id in named]}
    return {(channel_id, provider_id) for channel_id, provider_id in run(session, _THERE, values)}


_THERE = """
SELECT m.channel_id, m.provider_id FROM unnest(%(channels)s::bigint[], %(ids)s::text[]) AS r (channel, id)
JOIN messages m ON m.channel_id = r.channel AND m.provider_id = r.id
"""


def _conversations(session: Session, by_pair: dict[Pair, tuple[str, int]]) -> dict[Pair, int]:
    """Return each customer's history conversation on a channel, creating missing ones."""
    if not by_pair:
        return {}
    columns = {
        "business": business_of(session),
        "channels": [channel_id for channel_id, _ in by_pair],
        "contacts": [contact_id for _, contact_id in by_pair],
        "kinds": [kind for kind, _ in by_pair.values()],
        "identities": [identity_id for _, identity_id in by_pair.values()],
    }
    rows = run(session, _CONVERSATIONS, columns)
    return {(channel_id, contact_id): conversation_id for channel_id, contact_id, conversation_id in rows}


_CONVERSATIONS = """
WITH pair AS (
    SELECT * FROM unnest(%(channels)s::bigint[], %(contacts)s::bigint[], %(identities)s::bigint[], %(kinds)s::text[])
        AS p (channel, contact, identity, kind)
), found AS (
    SELECT DISTINCT ON (p.channel, p.contact) p.channel, p.contact, c.id
    FROM pair p JOIN conversations c ON c.channel_id = p.channel AND c.contact_id = p.contact
    WHERE c.imported AND c.status = 'closed' ORDER BY p.channel, p.contact, c.id
), made AS (
    INSERT INTO conversations (business_id, channel_id, contact_id, identity_id, kind, status, imported)
    SELECT %(business)s, p.channel, p.contact, p.identity, p.kind, 'closed', true FROM pair p
    WHERE NOT EXISTS (SELECT FROM found f WHERE f.channel = p.channel AND f.contact = p.contact)
    RETURNING channel_id, contact_id, id
)
SELECT channel, contact, id FROM found UNION ALL SELECT channel_id, contact_id, id FROM made
"""


def _fill(session: Session, arrived: Sequence[PlacedMessage]) -> list[tuple[PlacedMessage, int]]:
    """Replace placeholders by their messages. Returns those, with the placeholders' ids."""
    whole = {(one.route.channel_id, one.message.provider_id): one for one in arrived if one.message.media}
    if not whole:
        return []
    rows = [
        {
            "channel": channel_id,
            "provider_id": provider_id,
            "type": one.message.type,
            "words": one.message.text,
            "payload": dict(one.message.payload),
        }
        for (channel_id, provider_id), one in whole.items()
    ]
    filled = []
    for row in run(session, _FILL, {"rows": json.dumps(rows)}):
        one = whole[row.channel_id, row.provider_id]
        one.conversation_id = row.conversation_id
        filled.append((one, row.id))
    return filled


_FILL = """
UPDATE messages m SET type = r.type, text = r.words, payload = r.payload
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (channel bigint, provider_id text, type text, words text, payload jsonb)
WHERE m.channel_id = r.channel AND m.provider_id = r.provider_id
  AND m.type = 'unknown' AND m.payload #>> '{raw,type}' = 'media_placeholder'
RETURNING m.id, m.channel_id, m.provider_id, m.conversation_id
"""


def _date(session: Session, conversation_ids: Iterable[int]) -> None:
    """Date conversations from their first to their last message."""
    run(session, _DATE, {"conversations": list(conversation_ids)})


_DATE = """
UPDATE conversations c SET created_at = span.first, last_message_at = span.last, closed_at = span.last,
    last_message_text = left(coalesce(span.words, ''), 200),
    window_expires_at = CASE WHEN c.kind = 'whatsapp' THEN span.last_inbound + interval '24 hours' END
FROM (
    SELECT conversation_id, min(created_at) AS first, max(created_at) AS last,
           max(created_at) FILTER (WHERE sender = 'customer') AS last_inbound,
           (array_agg(text ORDER BY created_at DESC, id DESC)
                FILTER (WHERE type NOT IN ('event', 'note', 'system', 'reaction', 'edit', 'revoke')))[1] AS words
    FROM messages WHERE conversation_id = ANY(%(conversations)s::bigint[]) GROUP BY conversation_id
) span
WHERE c.id = span.conversation_id AND c.imported AND c.status = 'closed'
"""
