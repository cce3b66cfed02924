"""Snooze, priority, tags and unread marks of conversations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.conversations.lifecycle import add_event, lock, lock_open
from core.models import Conversation, ConversationStatus, Mode, Severity
from core.platform import events
from core.platform.db import business_of, in_business
from core.platform.errors import Invalid

LONGEST_SNOOZE = timedelta(days=365)
MOST_TAGS = 20
LONGEST_TAG = 40  # characters
_BATCH = 200


def snooze(session: Session, conversation_id: int, until: datetime) -> None:
    """Hide the conversation until then, or until the customer writes.

    Raises:
        Invalid: in the past, or more than a year away.
        NotFound, Conflict: no such conversation, or it is closed.
    """
    now = datetime.now(UTC)
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid("invalid_time", "Choose a moment between now and a year from now.")
    conversation = lock_open(session, conversation_id)
    conversation.status = ConversationStatus.SNOOZED
    conversation.snoozed_until = until
    session.flush()
    add_event(session, conversation_id, conversation.channel_id, "snoozed", until=until.isoformat())


def unsnooze(session: Session, conversation_id: int) -> None:
    """End a snooze early; a no-op if it is not snoozed. Raises `NotFound`."""
    conversation = lock(session, conversation_id)
    if conversation.status != ConversationStatus.SNOOZED:
        return
    conversation.status = ConversationStatus.OPEN
    conversation.snoozed_until = None
    session.flush()
    add_event(session, conversation_id, conversation.channel_id, "woken")


def unsnooze_due(session: Session) -> int:
    """Reopen conversations of every business whose snooze has ended. Returns the number reopened.

    They become unread, sort first in the list and, unless the bot has them, wait for an agent, who is alerted and
    notified.
    """
    rows = session.execute(_WAKE, {"limit": _BATCH}).all()
    text = "A conversation was put aside until now and is open again."
    for row in rows:
        with in_business(session, row.business_id):
            add_event(session, row.id, row.channel_id, "woken")
            notify(session, "snooze_due", Severity.INFO, text, conversation_id=row.id, data={"due": True})
            if row.mode == Mode.HUMAN:
                events.publish_change(session, row.id, needs_agent=row.assignee_id or events.ALL_AGENTS)
    return len(rows)


_WAKE = text("""
UPDATE conversations SET status = 'open', snoozed_until = NULL, unread_count = greatest(unread_count, 1),
    last_message_at = greatest(last_message_at, now()),
    waiting_since = CASE WHEN mode = 'human' THEN coalesce(waiting_since, now()) ELSE waiting_since END
WHERE id = ANY(ARRAY(
    SELECT id FROM conversations WHERE status = 'snoozed' AND snoozed_until <= now()
    ORDER BY snoozed_until LIMIT :limit FOR UPDATE SKIP LOCKED
))
RETURNING id, business_id, channel_id, mode, assignee_id
""")


def set_priority(session: Session, conversation_id: int, priority: int) -> None:
    """Set the priority, clamped to 0 (normal) to 3 (most urgent). Raises `NotFound`."""
    lock(session, conversation_id).priority = max(0, min(3, priority))
    session.flush()
    events.publish_change(session, conversation_id)


def set_tags(session: Session, conversation_id: int, tags: Iterable[str]) -> None:
    """Replace the tags. White space is trimmed; tags that differ only in case count once.

    Raises:
        Invalid: more than 20, or one longer than 40 characters.
        NotFound: no such conversation.
    """
    unique = {tag.casefold(): tag for one in tags if (tag := " ".join(one.split()))}
    if len(unique) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in unique):
        raise Invalid("invalid_tag", f"At most {MOST_TAGS} tags of {LONGEST_TAG} characters each.")
    lock(session, conversation_id).tags = sorted(unique.values(), key=str.casefold)
    session.flush()
    events.publish_change(session, conversation_id)


def add_tags(session: Session, conversation_id: int, tags: Iterable[str]) -> None:
    """Add tags. Raises what `set_tags` raises."""
    set_tags(session, conversation_id, [*tags, *lock(session, conversation_id).tags])


def known_tags(session: Session) -> list[str]:
    """Return the 50 most used tags of recent conversations, most used first."""
    return list(session.scalars(_TAGS, {"business": business_of(session)}))


_TAGS = text("""
SELECT tag FROM (
    SELECT unnest(tags) AS tag FROM (
        SELECT tags FROM conversations WHERE business_id = :business ORDER BY last_message_at DESC, id DESC LIMIT 2000
    ) recent
) used GROUP BY tag ORDER BY count(*) DESC, tag LIMIT 50
""")


def mark_unread(session: Session, conversation_id: int) -> None:
    """Mark the conversation as unread; a no-op if it is unread."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(unread_count=func.greatest(Conversation.unread_count, 1))
        .execution_options(synchronize_session=False)
    )
    events.publish_change(session, conversation_id)
