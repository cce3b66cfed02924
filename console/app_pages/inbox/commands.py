"""What agents do to conversations."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from console import auth
from console.db import transaction
from core.accounts import visibility
from core.channels.content.shapes import parse_content
from core.conversations import canned_responses, channel_switch, lifecycle, notes, team_assignment, triage
from core.messaging import closing
from core.messaging.attachments import uploads
from core.messaging.closing import CloseUndo
from core.messaging.outbound import manual_retry
from core.messaging.outbound.enqueue import Draft, queue_reply
from core.models import Conversation, Message, Sender
from core.platform import events, job_queue

LONGEST_REPLY = 20_000  # characters; a text too long for its channel goes out in several messages


def reply(conversation_id: int, text: str, token: str, reply_to: str | None = None) -> None:
    """Send what an agent wrote. Otherwise like `send`. Raises `UnfilledVariable` as well."""
    canned_responses.reject_placeholders(text)
    send(conversation_id, {"type": "text", "text": text.strip()[:LONGEST_REPLY]}, token, reply_to)


def send_file(conversation_id: int, attachment_id: int, caption: str, token: str) -> None:
    """Send a file that was handed in. Otherwise like `send`. Raises `NotFound` for a file that is not there as well."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
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
    """Send something, once, however often the browser says it. Writing is taking over.

    `token` is the UUID that the browser gave this message, `reply_to` the provider's id of the message it answers.

    Raises:
        NotAllowed, NotFound, Conflict, WindowClosed, OptedOut, InvalidMessage: it was not sent, and why.
        StoreUnavailable: the database is away; the same call can be made again.
    """
    agent = auth.require(fresh=True)
    key = f"console:{uuid.UUID(token)}"
    parsed = parse_content(content).model_dump(mode="json", exclude_none=True)
    draft = Draft(parsed, Sender.AGENT, author_id=agent.id, reply_to=reply_to, idempotency_key=key)
    with transaction(agent.business_id) as session:
        lifecycle.lock(session, conversation_id)
        if _is_queued(session, key):
            return
        visibility.require(session, agent, conversation_id)
        for attachment_id in visibility.files_in(parsed):
            visibility.require_file(session, agent, attachment_id)
        lifecycle.take_over(session, agent.business_id, conversation_id, f"agent:{agent.id}", agent.id)
        queue_reply(session, agent.business_id, conversation_id, draft)
    job_queue.wake_worker()


def _is_queued(session: Session, key: str) -> bool:
    """A repeated send must not take over again what was handed back or closed since."""
    return session.scalar(select(Message.id).where(Message.idempotency_key == key)) is not None


def note(conversation_id: int, text: str, token: str) -> None:
    """Leave a note for colleagues, once, however often the browser says it.

    Raises:
        NotAllowed, NotFound, UnacceptableNote: it was not kept, and why.
        StoreUnavailable: the database is away; the same call can be made again.
    """
    agent = auth.require(fresh=True)
    key = f"console:{uuid.UUID(token)}"
    with transaction(agent.business_id) as session:
        visibility.require(session, agent, conversation_id)
        notes.add_note(session, agent.business_id, conversation_id, agent.id, text, key)


def retry(message_id: int) -> str | None:
    """Send a message again that failed, or whose fate nobody knows. Returns why not, if it cannot be.

    Raises `NotAllowed`, `NotFound`.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        visibility.require_message(session, agent, message_id)
        result = manual_retry.retry(session, agent.business_id, [message_id], None, f"agent:{agent.id}")
    job_queue.wake_worker()
    return result.refused[0].reason if result.refused else None


def arrived(message_id: int) -> None:
    """A message whose fate nobody knew did arrive. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        visibility.require_message(session, agent, message_id)
        manual_retry.confirm_sent(session, agent.business_id, message_id, f"agent:{agent.id}")


Change = Callable[[Session, int, int, str], None]  # session, business, conversation, actor


def change(conversation_id: int, write: Change) -> None:
    """Do one thing to a conversation. Raises `NotAllowed`, `NotFound` and what the thing raises."""
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        visibility.require(session, agent, conversation_id)
        write(session, agent.business_id, conversation_id, f"agent:{agent.id}")
        events.publish_change(session, agent.business_id, conversation_id)


def take_over(conversation_id: int) -> None:
    """Answer from here on instead of the bot. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require()
    change(conversation_id, lambda *known: lifecycle.take_over(*known, agent.id))


def hand_back(conversation_id: int) -> None:
    """Let the bot answer again. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, lifecycle.hand_back)


def close(conversation_id: int) -> CloseUndo | None:
    """Close, and ask for a score where that is wanted. Returns what takes it back. Raises `NotAllowed`, `NotFound`."""
    stood: list[CloseUndo | None] = []
    change(conversation_id, lambda *known: stood.append(closing.close(*known)))
    job_queue.wake_worker()
    return stood[0]


def reopen(conversation_id: int) -> None:
    """Open again. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, lifecycle.reopen)


def continue_on(conversation_id: int, channel_id: int, identity_id: int) -> int:
    """Go on with the customer on another channel. Returns the conversation there.

    Raises `NotAllowed`, `NotFound`, `Conflict`, `OptedOut`.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        visibility.require(session, agent, conversation_id)
        for way in channel_switch.alternatives(session, conversation_id):
            if way.channel_id == channel_id and way.open_id is not None:
                visibility.require(session, agent, way.open_id)
        return channel_switch.continue_on(
            session, agent.business_id, conversation_id, channel_id, identity_id, f"agent:{agent.id}", agent.id
        )


def assign(conversation_id: int, agent_id: int | None) -> None:
    """Give it to a colleague, or to nobody. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, lambda *known: lifecycle.assign(*known, agent_id))


def give_to_team(conversation_id: int, team_id: int | None) -> None:
    """Give it to a team, or to none. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(conversation_id, lambda *known: team_assignment.assign_team(*known, team_id))


def snooze(conversation_id: int, until: datetime) -> None:
    """Put it aside. Raises `NotAllowed`, `NotFound`, `Conflict`, `UnacceptableTime`."""
    change(conversation_id, lambda *known: triage.snooze(*known, until))


def wake(conversation_id: int) -> None:
    """Take it up again. Raises `NotAllowed`, `NotFound`."""
    change(conversation_id, triage.unsnooze)


def set_priority(conversation_id: int, priority: int) -> None:
    """Raises `NotAllowed`, `NotFound`."""
    change(conversation_id, lambda session, business, talk, _: triage.set_priority(session, business, talk, priority))


def set_tags(conversation_id: int, tags: Iterable[str]) -> None:
    """Raises `NotAllowed`, `NotFound`, `UnacceptableTag`."""
    change(conversation_id, lambda session, business, talk, _: triage.set_tags(session, business, talk, tags))


def add_tags(conversation_id: int, tags: Iterable[str]) -> None:
    """Raises `NotAllowed`, `NotFound`, `UnacceptableTag`."""
    change(conversation_id, lambda session, business, talk, _: triage.add_tags(session, business, talk, tags))


def mark_unread(conversation_id: int) -> None:
    """Raises `NotAllowed`, `NotFound`."""
    change(conversation_id, lambda session, business, talk, _: triage.mark_unread(session, business, talk))


def mark_seen(conversation_id: int) -> None:
    """Someone has read it. Raises `NotAllowed`, `NotFound`.

    Seeing what was seen before is not announced: the page that hears an announcement sees it again.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        visibility.require(session, agent, conversation_id)
        if session.scalar(select(Conversation.unread_count).where(Conversation.id == conversation_id)):
            lifecycle.mark_seen(session, conversation_id)
            events.publish_change(session, agent.business_id, conversation_id)


def save_reply(shortcut: str, words: str) -> None:
    """Raises `NotAllowed`, `UnacceptableReply`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.business_id) as session:
        canned_responses.save(session, agent.business_id, f"agent:{agent.id}", shortcut, words)


def remove_reply(reply_id: int) -> None:
    """Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.business_id) as session:
        canned_responses.remove(session, agent.business_id, f"agent:{agent.id}", reply_id)
