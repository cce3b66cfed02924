"""What agents do to conversations."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from console import auth
from core import bell, live
from core.channels.content import parse_content
from core.conversations import service
from core.db import transaction
from core.errors import StoreUnavailable
from core.models import Conversation, Message, Sender
from core.outbox.queue import Draft, queue_reply

LONGEST_REPLY = 20_000  # characters; a text too long for its channel goes out in several messages


def reply(conversation_id: int, text: str, token: str) -> None:
    """Send what an agent wrote, once, however often the browser says it. Writing is taking over.

    `token` is the UUID that the browser gave this message.

    Raises:
        NotAllowed, NotFound, Conflict, WindowClosed, OptedOut, InvalidMessage: it was not sent, and why.
        StoreUnavailable: the database is away; the same call can be made again.
    """
    agent = auth.require(fresh=True)
    key = f"console:{uuid.UUID(token)}"
    content = {"type": "text", "text": text.strip()[:LONGEST_REPLY]}
    parse_content(content)
    draft = Draft(content, Sender.AGENT, author_id=agent.id, idempotency_key=key)
    try:
        with transaction(agent.business_id) as session:
            service.lock(session, conversation_id)
            if _is_queued(session, key):
                return
            service.take_over(session, agent.business_id, conversation_id, f"agent:{agent.id}", agent.id)
            queue_reply(session, agent.business_id, conversation_id, draft)
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable("The message is not stored yet.") from error
    bell.ring()


def _is_queued(session: Session, key: str) -> bool:
    """A repeated send must not take over again what was handed back or closed since."""
    return session.scalar(select(Message.id).where(Message.idempotency_key == key)) is not None


def take_over(conversation_id: int) -> None:
    """Answer from here on instead of the bot. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(fresh=True)
    _change(
        conversation_id,
        lambda session: service.take_over(session, agent.business_id, conversation_id, f"agent:{agent.id}", agent.id),
    )


def hand_back(conversation_id: int) -> None:
    """Let the bot answer again. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(fresh=True)
    _change(
        conversation_id,
        lambda session: service.hand_back(session, agent.business_id, conversation_id, f"agent:{agent.id}"),
    )


def close(conversation_id: int) -> None:
    """Close. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(fresh=True)
    _change(
        conversation_id,
        lambda session: service.close(session, agent.business_id, conversation_id, f"agent:{agent.id}"),
    )


def reopen(conversation_id: int) -> None:
    """Open again. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(fresh=True)
    _change(
        conversation_id,
        lambda session: service.reopen(session, agent.business_id, conversation_id, f"agent:{agent.id}"),
    )


def mark_seen(conversation_id: int) -> None:
    """Someone has read it. Raises `NotAllowed`.

    Seeing what was seen before is not announced: the page that hears an announcement sees it again.
    """
    agent = auth.require(fresh=True)
    with transaction(agent.business_id) as session:
        if session.scalar(select(Conversation.unread_count).where(Conversation.id == conversation_id)):
            service.mark_seen(session, conversation_id)
            live.notify(session, agent.business_id, conversation_id)


def _change(conversation_id: int, write: Callable[[Session], None]) -> None:
    agent = auth.require()
    with transaction(agent.business_id) as session:
        write(session)
        live.notify(session, agent.business_id, conversation_id)
