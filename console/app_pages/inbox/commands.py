"""Commands on conversations."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from console import auth
from console.db import transaction
from console.writing import as_manager
from core.accounts import visibility
from core.channels.content.shapes import parse_content
from core.conversations import canned_responses, channel_switch, lifecycle, notes, team_assignment, triage
from core.messaging import closing
from core.messaging.attachments import uploads
from core.messaging.closing import CloseUndo
from core.messaging.outbound import manual_retry
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.messaging.outbound.manual_retry import Refused
from core.models import Conversation, Message, Sender
from core.platform import events, job_queue

P = ParamSpec("P")
T = TypeVar("T")
LONGEST_REPLY = 20_000  # characters; a text too long for its channel goes out in several messages


def reply(conversation_id: int, text: str, token: str, reply_to: str | None = None) -> None:
    """Send a text, like `send`. Also raises `Invalid`."""
    canned_responses.reject_placeholders(text)
    send(conversation_id, {"type": "text", "text": text.strip()[:LONGEST_REPLY]}, token, reply_to)


def send_file(conversation_id: int, attachment_id: int, caption: str, token: str) -> None:
    """Send an uploaded file, like `send`. Also raises `NotFound` for a missing file."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        visibility.require_file(session, agent, attachment_id)
        file = uploads.stored_file(session, attachment_id)
    kind = uploads.kind_of(file.mime_type)
    media: dict[str, object] = {"attachment_id": attachment_id}
    if caption.strip() and kind != "audio":
        media["caption"] = caption.strip()
    if kind == "document":
        media["filename"] = file.filename or f"file-{attachment_id}"
    send(conversation_id, {"type": kind, "media": media}, token)


def send(conversation_id: int, content: dict[str, object], token: str, reply_to: str | None = None) -> None:
    """Send a message, idempotent by `token`, and take the conversation over from the bot.

    `token` is the browser's UUID of this message, `reply_to` the provider's id of the quoted message.

    Raises:
        NotAllowed, NotFound, Conflict, InvalidMessage: it was not sent, and why.
        StoreUnavailable: the database is away; the same call can be made again.
    """
    agent = auth.require(fresh=True)
    key = f"console:{uuid.UUID(token)}"
    parsed = parse_content(content).model_dump(mode="json", exclude_none=True)
    draft = NewMessage(parsed, Sender.AGENT, author_id=agent.id, reply_to=reply_to, idempotency_key=key)
    with transaction(agent.scope) as session:
        lifecycle.lock(session, conversation_id)
        if _is_queued(session, key):
            return
        visibility.require(session, agent, conversation_id)
        for attachment_id in visibility.files_in(parsed):
            visibility.require_file(session, agent, attachment_id)
        lifecycle.take_over(session, conversation_id, agent.id)
        enqueue_message(session, conversation_id, draft)
    job_queue.wake_worker()


def _is_queued(session: Session, key: str) -> bool:
    """Return whether the token is already queued: a repeated send must not take over again."""
    return session.scalar(select(Message.id).where(Message.idempotency_key == key)) is not None


def note(conversation_id: int, text: str, token: str) -> None:
    """Add a private note, idempotent by `token`.

    Raises:
        NotAllowed, NotFound, Invalid: it was not kept, and why.
        StoreUnavailable: the database is away; the same call can be made again.
    """
    agent = auth.require(fresh=True)
    key = f"console:{uuid.UUID(token)}"
    with transaction(agent.scope) as session:
        visibility.require(session, agent, conversation_id)
        notes.add_note(session, conversation_id, agent.id, text, key)


def retry(message_id: int) -> Refused | None:
    """Resend a failed or uncertain message. Return the reason if that is not possible.

    Raises `NotAllowed`, `NotFound`.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_message(session, agent, message_id)
        result = manual_retry.retry(session, [message_id], None)
    job_queue.wake_worker()
    return result.refused[0].reason if result.refused else None


def arrived(message_id: int) -> None:
    """Mark an uncertain message as arrived. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_message(session, agent, message_id)
        manual_retry.confirm_sent(session, message_id)


def change(
    conversation_id: int,
    write: Callable[Concatenate[Session, int, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run `write(session, conversation_id, …)` if the viewer sees the conversation.

    Raises `NotAllowed`, `NotFound` and the errors of `write`.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require(session, agent, conversation_id)
        result = write(session, conversation_id, *args, **kwargs)
        events.publish_change(session, conversation_id)
    return result


def take_over(conversation_id: int) -> None:
    """Take the conversation over from the bot. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require()
    change(conversation_id, lifecycle.take_over, agent.id)


def hand_back(conversation_id: int) -> None:
    """Hand the conversation back to the bot. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, lifecycle.hand_back)


def close(conversation_id: int) -> CloseUndo | None:
    """Close, and request a rating if enabled. Return the undo data. Raises `NotAllowed`, `NotFound`."""
    undo = change(conversation_id, closing.close)
    job_queue.wake_worker()
    return undo


def reopen(conversation_id: int) -> None:
    """Reopen. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, lifecycle.reopen)


def continue_on(conversation_id: int, channel_id: int, identity_id: int) -> int:
    """Continue with the customer on another channel. Return that conversation's id.

    Raises `NotAllowed`, `NotFound`, `Conflict`.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require(session, agent, conversation_id)
        for way in channel_switch.alternatives(session, conversation_id):
            if way.channel_id == channel_id and way.open_id is not None:
                visibility.require(session, agent, way.open_id)
        return channel_switch.continue_on(session, conversation_id, channel_id, identity_id, agent.id)


def assign(conversation_id: int, agent_id: int | None) -> None:
    """Assign to an agent, or unassign. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, lifecycle.assign, agent_id)


def give_to_team(conversation_id: int, team_id: int | None) -> None:
    """Set or clear the team. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, team_assignment.assign_team, team_id)


def snooze(conversation_id: int, until: datetime) -> None:
    """Snooze. Raises `NotAllowed`, `NotFound`, `Conflict`, `Invalid`."""
    change(conversation_id, triage.snooze, until)


def wake(conversation_id: int) -> None:
    """Unsnooze. Raises `NotAllowed`, `NotFound`."""
    change(conversation_id, triage.unsnooze)


def set_priority(conversation_id: int, priority: int) -> None:
    """Set the priority. Raises `NotAllowed`, `NotFound`."""
    change(conversation_id, triage.set_priority, priority)


def set_tags(conversation_id: int, tags: Iterable[str]) -> None:
    """Replace the tags. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    change(conversation_id, triage.set_tags, tags)


def add_tags(conversation_id: int, tags: Iterable[str]) -> None:
    """Add tags. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    change(conversation_id, triage.add_tags, tags)


def mark_unread(conversation_id: int) -> None:
    """Mark as unread. Raises `NotAllowed`, `NotFound`."""
    change(conversation_id, triage.mark_unread)


def mark_seen(conversation_id: int) -> None:
    """Mark as read. Raises `NotAllowed`, `NotFound`.

    Nothing is published if it was read already: a page that receives the event would mark it as read again.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require(session, agent, conversation_id)
        if session.scalar(select(Conversation.unread_count).where(Conversation.id == conversation_id)):
            lifecycle.mark_seen(session, conversation_id)
            events.publish_change(session, conversation_id)


def save_reply(shortcut: str, words: str) -> None:
    """Create or update a saved reply. Raises `NotAllowed`, `Invalid`."""
    as_manager(canned_responses.save, shortcut, words)


def remove_reply(reply_id: int) -> None:
    """Delete a saved reply. Raises `NotAllowed`."""
    as_manager(canned_responses.remove, reply_id)
