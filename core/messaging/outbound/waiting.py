"""Customers' waits for an answer: ended when an answer is sent, restored when it does not arrive."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.conversations import lifecycle as conversations
from core.platform import events
from core.platform.db import run

# Effect of `answered` (conversation, id, sender, stored_at, answers, preview: the newest sent message of each) on its
# conversation. An answer ends only the wait for what came before it, and not while an earlier one is unsent: that takes
# one written after people could know of the failure. What was scheduled becomes the preview of the list.
END_WAIT = """
UPDATE conversations c SET
    last_message_at = CASE WHEN a.preview IS NULL THEN c.last_message_at ELSE greatest(c.last_message_at, now()) END,
    last_message_text = coalesce(a.preview, c.last_message_text),
    waiting_since = CASE WHEN a.answers AND coalesce(c.asked_id < a.id, true)
                          AND coalesce(c.unsent_id = a.id OR c.unsent_at < a.stored_at, true)
                         THEN NULL ELSE c.waiting_since END,
    unread_count = CASE WHEN a.answers AND a.sender = 'agent' AND coalesce(c.asked_id < a.id, true)
                          AND coalesce(c.unsent_id = a.id OR c.unsent_at < a.stored_at, true)
                        THEN 0 ELSE c.unread_count END,
    unsent_id = CASE WHEN c.unsent_id = a.id OR (a.answers AND c.unsent_at < a.stored_at) THEN NULL
                     ELSE c.unsent_id END,
    unsent_at = CASE WHEN c.unsent_id = a.id OR (a.answers AND c.unsent_at < a.stored_at) THEN NULL
                     ELSE c.unsent_at END
FROM answered a WHERE c.id = a.conversation_id
  AND (a.preview IS NOT NULL OR c.unsent_id IS NOT NULL
       OR (a.answers AND (c.waiting_since IS NOT NULL OR c.unread_count > 0)))
"""

# The column `preview` of `answered`, which joins messages `m` and deliveries `d`.
PREVIEW = "CASE WHEN d.scheduled_for > m.stored_at AND m.type <> 'reaction' THEN left(m.text, 200) END AS preview"
_END = """
WITH answered AS (
    SELECT DISTINCT ON (m.conversation_id) m.conversation_id, m.id, m.sender, m.stored_at, d.answers, {preview}
    FROM messages m JOIN deliveries d ON d.message_id = m.id
    WHERE m.id = ANY(%(ids)s::bigint[]) AND m.status IN ('sent', 'delivered', 'read', 'played')
    ORDER BY m.conversation_id, d.answers DESC, m.id DESC
)
{ended}
""".replace("{ended}", END_WAIT).replace("{preview}", PREVIEW)


def end(session: Session, message_ids: Sequence[int]) -> None:
    """End the waits answered by these messages, which turned out to be sent."""
    if message_ids:
        run(session, _END, {"ids": list(message_ids)})


# The customer's current conversation: for one closed meanwhile, the open one that replaced it, else itself, reopened.
# The mark of what failed for good stays: a receipt of the uncertain message must not end the wait for the other.
_RESTORE = """
WITH lost AS (
    SELECT DISTINCT ON (conversation) * FROM (
        SELECT m.id, m.created_at, m.status AS fate, d.answers, d.conversation_id, coalesce((
            SELECT o.id FROM conversations o WHERE o.channel_id = c.channel_id AND o.contact_id = c.contact_id
              AND o.status <> 'closed' AND c.status = 'closed'), c.id) AS conversation
        FROM messages m JOIN deliveries d ON d.message_id = m.id JOIN conversations c ON c.id = m.conversation_id
        WHERE m.id = ANY(%(ids)s::bigint[])
    ) one ORDER BY conversation, answers DESC, id DESC
), locked AS (
    SELECT id, status FROM conversations WHERE id = ANY(ARRAY(SELECT conversation FROM lost)) ORDER BY id FOR UPDATE
), back AS (
    UPDATE conversations c SET
        unsent_id = CASE WHEN (lost.answers OR c.status <> 'closed') AND NOT (lost.fate = 'uncertain' AND EXISTS (
            SELECT FROM messages first WHERE first.id = c.unsent_id AND first.status = 'failed'))
            THEN lost.id ELSE c.unsent_id END,
        unsent_at = CASE WHEN lost.answers OR c.status <> 'closed' THEN clock_timestamp() ELSE c.unsent_at END,
        waiting_since = CASE WHEN lost.answers THEN coalesce(c.waiting_since, (
            SELECT asked.created_at FROM messages asked WHERE asked.id = c.asked_id AND NOT EXISTS (
                SELECT FROM messages other JOIN deliveries d ON d.message_id = other.id
                WHERE other.conversation_id = c.id AND other.id > asked.id AND other.id <> lost.id AND d.answers
                  AND other.status IN ('sent', 'delivered', 'read', 'played'))
        ), lost.created_at) ELSE c.waiting_since END,
        unread_count = CASE WHEN lost.answers THEN greatest(c.unread_count, 1) ELSE c.unread_count END,
        mode = CASE WHEN lost.answers AND c.status = 'closed' THEN 'human' ELSE c.mode END,
        status = CASE WHEN lost.answers THEN 'open' ELSE c.status END,
        snoozed_until = CASE WHEN lost.answers THEN NULL ELSE c.snoozed_until END,
        closed_at = CASE WHEN lost.answers THEN NULL ELSE c.closed_at END
    FROM locked JOIN lost ON lost.conversation = locked.id WHERE c.id = locked.id
    RETURNING c.id, c.channel_id, c.assignee_id, lost.conversation_id AS origin, lost.answers, locked.status AS before
)
SELECT * FROM back ORDER BY id
"""


_MARK = """
UPDATE conversations c SET unsent_id = one.id, unsent_at = clock_timestamp() FROM (
    SELECT m.id, open.id AS conversation FROM messages m JOIN conversations open ON open.id = m.conversation_id
    WHERE m.id = ANY(%(ids)s::bigint[]) AND open.status <> 'closed' AND open.unsent_id IS NULL
    ORDER BY open.id FOR NO KEY UPDATE OF open
) one WHERE c.id = one.conversation
RETURNING c.business_id, c.id
"""


def mark_uncertain(session: Session, message_ids: Sequence[int]) -> None:
    """Mark the open conversations of messages that have just become uncertain. Earlier marks and waits stay."""
    if message_ids:
        for changed in run(session, _MARK, {"ids": list(message_ids)}).all():
            events.publish(session, events.Change(*changed))


def restore_wait(session: Session, message_ids: Sequence[int]) -> dict[int, int]:
    """Restore the waits of customers whose messages did not arrive or are uncertain, first in the list.

    Returns the conversation in which each customer waits, by the conversation of the message.
    """
    restored: dict[int, int] = {}
    for row in run(session, _RESTORE, {"ids": list(message_ids)}).all():
        restored[row.origin] = row.id
        if row.answers and row.before == "closed":
            conversations.add_event(session, row.id, row.channel_id, "reopened")
        events.publish_change(session, row.id, (row.assignee_id or events.ALL_AGENTS) if row.answers else None)
    return restored


_CLEAR_UNSENT = """
UPDATE conversations c SET unsent_id = NULL, unsent_at = NULL, waiting_since = CASE
    WHEN %(owed)s OR EXISTS (SELECT FROM messages asked WHERE asked.id = c.asked_id AND NOT EXISTS (
        SELECT FROM messages other JOIN deliveries d ON d.message_id = other.id
        WHERE other.conversation_id = c.id AND other.id > asked.id AND d.answers
          AND other.status IN ('sent', 'delivered', 'read', 'played')))
    THEN c.waiting_since END
WHERE c.unsent_id = ANY(%(ids)s::bigint[])
"""


def clear_unsent(session: Session, message_ids: Sequence[int], *, retried: bool) -> None:
    """Clear the unsent marks of messages that people retried or gave up. Without an open question the wait ends."""
    if message_ids:
        run(session, _CLEAR_UNSENT, {"ids": list(message_ids), "owed": retried})
