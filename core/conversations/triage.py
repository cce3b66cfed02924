"""Putting conversations in order: later, sooner, under a name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.conversations.lifecycle import add_event, lock, lock_open
from core.models import Conversation, ConversationStatus, Mode, Severity
from core.platform import events
from core.platform.errors import BotHubError

LONGEST_SNOOZE = timedelta(days=365)
MOST_TAGS = 20
LONGEST_TAG = 40  # characters
_MOST_WOKEN = 200


class UnacceptableTag(BotHubError):
    """A tag is empty, too long, or one too many."""


class UnacceptableTime(BotHubError):
    """A moment to wake up that is over, or more than a year away."""


def snooze(session: Session, business_id: int, conversation_id: int, actor: str, until: datetime) -> None:
    """Put it aside until then, or until the customer writes.

    Raises:
        UnacceptableTime: in the past, or more than a year away.
        NotFound, Conflict: no such conversation, or it is closed.
    """
    now = datetime.now(UTC)
    if not now < until <= now + LONGEST_SNOOZE:
        raise UnacceptableTime("Choose a moment between now and a year from now.")
    conversation = lock_open(session, conversation_id)
    conversation.status = ConversationStatus.SNOOZED
    conversation.snoozed_until = until
    session.flush()
    details = {"by": actor, "until": until.isoformat()}
    add_event(session, business_id, conversation_id, conversation.channel_id, "snoozed", **details)


def wake(session: Session, business_id: int, conversation_id: int, actor: str) -> None:
    """Take it up again before its time. Waking what is awake changes nothing. Raises `NotFound`."""
    conversation = lock(session, conversation_id)
    if conversation.status != ConversationStatus.SNOOZED:
        return
    conversation.status = ConversationStatus.OPEN
    conversation.snoozed_until = None
    session.flush()
    add_event(session, business_id, conversation_id, conversation.channel_id, "woken", by=actor)


def wake_due(session: Session) -> int:
    """Open again what was put aside until now, of every business. Returns how many.

    It is unread, stands first in the list and, unless the bot has it, waits for a person. Who has it is called
    and told.
    """
    rows = session.execute(_WAKE, {"limit": _MOST_WOKEN}).all()
    for row in rows:
        add_event(session, row.business_id, row.id, row.channel_id, "woken")
        words = "A conversation was put aside until now and is open again."
        notify(session, row.business_id, "snooze_due", Severity.INFO, words, conversation_id=row.id, data={"due": True})
        if row.mode == Mode.HUMAN:
            events.notify(session, row.business_id, row.id, calls=row.assignee_id or events.ANYBODY)
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


def set_priority(session: Session, business_id: int, conversation_id: int, priority: int) -> None:
    """0 is usual, 3 the most urgent. Raises `NotFound`."""
    lock(session, conversation_id).priority = max(0, min(3, priority))
    session.flush()
    events.notify(session, business_id, conversation_id)


def set_tags(session: Session, business_id: int, conversation_id: int, tags: Iterable[str]) -> None:
    """Name what it is about. Spaces around are dropped, and whatever differs only by capitals counts once.

    Raises:
        UnacceptableTag: more than 20, or one longer than 40 characters.
        NotFound: no such conversation.
    """
    wanted = {tag.casefold(): tag for one in tags if (tag := " ".join(one.split()))}
    if len(wanted) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in wanted):
        raise UnacceptableTag(f"At most {MOST_TAGS} tags of {LONGEST_TAG} characters each.")
    lock(session, conversation_id).tags = sorted(wanted.values(), key=str.casefold)
    session.flush()
    events.notify(session, business_id, conversation_id)


def add_tags(session: Session, business_id: int, conversation_id: int, tags: Iterable[str]) -> None:
    """Name what it is about besides. Raises what `set_tags` raises."""
    set_tags(session, business_id, conversation_id, [*tags, *lock(session, conversation_id).tags])


def known_tags(session: Session, business_id: int) -> list[str]:
    """The tags in use lately, most used first."""
    return list(session.scalars(_TAGS, {"business": business_id}))


_TAGS = text("""
SELECT tag FROM (
    SELECT unnest(tags) AS tag FROM (
        SELECT tags FROM conversations WHERE business_id = :business ORDER BY last_message_at DESC, id DESC LIMIT 2000
    ) recent
) used GROUP BY tag ORDER BY count(*) DESC, tag LIMIT 50
""")


def mark_unread(session: Session, business_id: int, conversation_id: int) -> None:
    """Have it stand out again. Raises nothing: what is unread stays so."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(unread_count=func.greatest(Conversation.unread_count, 1))
        .execution_options(synchronize_session=False)
    )
    events.notify(session, business_id, conversation_id)
