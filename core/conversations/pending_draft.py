"""The bot's draft that waits for an agent's approval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.models import AIRun, Message, Sender

PENDING = "draft"


@dataclass(frozen=True, slots=True)
class PendingDraft:
    """A proposed answer of the bot. `overtaken`: the customer has written again since."""

    run_id: int
    text: str
    written_at: datetime
    overtaken: bool


def pending(session: Session, conversation_id: int) -> PendingDraft | None:
    """Return the latest undecided draft, or None if there is none or the customer was answered after it."""
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
    return None if row is None else PendingDraft(*row)
