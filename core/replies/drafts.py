"""Drafts of the bot that wait for approval. The decision is written on the run, once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.conversations.lifecycle import add_event, lock_open
from core.conversations.pending_draft import PENDING
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import AIRun, Mode, Sender
from core.platform.errors import Conflict, NotFound

SENT = "draft_sent"
EDITED = "draft_edited"
DISCARDED = "draft_discarded"


def approve(session: Session, run_id: int) -> None:
    """Send a draft. The bot stays in the conversation, and drafts its next answer too.

    Raises:
        NotFound: there is no such draft.
        Conflict: the draft was already decided on, or the conversation is closed.
        Conflict, InvalidMessage: it cannot be sent to this customer now.
    """
    run = _decide(session, run_id, SENT)
    conversation = lock_open(session, run.conversation_id)
    words = NewMessage({"type": "text", "text": run.trace["draft"]}, Sender.BOT, idempotency_key=f"draft:{run_id}")
    run.message_id = enqueue_message(session, conversation.id, words)[0]
    conversation.mode = Mode.BOT
    conversation.handoff_reason = None
    session.flush()
    add_event(session, conversation.id, conversation.channel_id, "draft_approved")
    audit_log.record(session, "draft.approve", f"run:{run_id}")


def set_aside(session: Session, run_id: int, *, edited: bool) -> str:
    """Discard a draft because a person answers; with `edited`, starting from its text. Return the draft's text.

    Raises:
        NotFound, Conflict: there is no such draft, or it was already decided on.
    """
    run = _decide(session, run_id, EDITED if edited else DISCARDED)
    audit_log.record(session, "draft.edit" if edited else "draft.discard", f"run:{run_id}")
    return str(run.trace["draft"])


def _decide(session: Session, run_id: int, outcome: str) -> AIRun:
    run = session.scalars(select(AIRun).where(AIRun.id == run_id).with_for_update()).one_or_none()
    if run is None or "draft" not in run.trace:
        raise NotFound(f"No draft {run_id}.")
    if run.outcome != PENDING:
        raise Conflict("already_decided", "Somebody has already decided on this suggestion.")
    run.outcome = outcome
    session.flush()
    return run
