"""Answers of the bot that wait for a person's approval. What a person decides is written on the run, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.conversations.service import add_event, lock_open
from core.errors import Conflict, NotFound
from core.models import AIRun, Message, Mode, Sender
from core.outbox.queue import Draft, queue_reply
from core.people import audit

PENDING = "draft"
SENT = "draft_sent"
EDITED = "draft_edited"
DISCARDED = "draft_discarded"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words the bot would say. `overtaken`: the customer has written again since."""

    run_id: int
    text: str
    written_at: datetime
    overtaken: bool


def pending(session: Session, conversation_id: int) -> Suggestion | None:
    """The newest draft nobody has decided on, unless the customer was answered after it."""
    later = (Message.conversation_id == AIRun.conversation_id) & (Message.stored_at > AIRun.created_at)
    row = session.execute(
        select(
            AIRun.id,
            AIRun.trace["draft"].astext,
            AIRun.created_at,
            exists().where(later, Message.sender == Sender.CUSTOMER),
        )
        .where(
            AIRun.conversation_id == conversation_id,
            AIRun.outcome == PENDING,
            ~exists().where(later, Message.sender.in_([Sender.BOT, Sender.AGENT]), Message.type != "note"),
        )
        .order_by(AIRun.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Suggestion(*row)


def approve(session: Session, business_id: int, run_id: int, actor: str) -> None:
    """Say it. The bot goes on with the conversation, and drafts its next answer too.

    Raises:
        NotFound: there is no such draft.
        Conflict: somebody decided on it, or the conversation is closed.
        WindowClosed, OptedOut, InvalidMessage: it cannot be said to this customer now.
    """
    run = _decide(session, run_id, SENT)
    conversation = lock_open(session, run.conversation_id)
    words = Draft({"type": "text", "text": run.trace["draft"]}, Sender.BOT, idempotency_key=f"draft:{run_id}")
    run.message_id = queue_reply(session, business_id, conversation.id, words)[0]
    conversation.mode = Mode.BOT
    conversation.handoff_reason = None
    session.flush()
    add_event(session, business_id, conversation.id, conversation.channel_id, "draft_approved", by=actor)
    audit.record(session, business_id, actor, "draft.approve", f"run:{run_id}")


def set_aside(session: Session, business_id: int, run_id: int, actor: str, *, edited: bool) -> str:
    """A person answers instead, with these words as a start if `edited`. Returns the draft's words.

    Raises:
        NotFound, Conflict: there is no such draft, or somebody decided on it.
    """
    run = _decide(session, run_id, EDITED if edited else DISCARDED)
    audit.record(session, business_id, actor, "draft.edit" if edited else "draft.discard", f"run:{run_id}")
    return str(run.trace["draft"])


def _decide(session: Session, run_id: int, outcome: str) -> AIRun:
    run = session.scalars(select(AIRun).where(AIRun.id == run_id).with_for_update()).one_or_none()
    if run is None or "draft" not in run.trace:
        raise NotFound(f"No draft {run_id}.")
    if run.outcome != PENDING:
        raise Conflict("Somebody has already decided on this suggestion.")
    run.outcome = outcome
    session.flush()
    return run
