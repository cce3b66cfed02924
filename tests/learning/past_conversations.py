"""Past conversations for the tests of learning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from core.models import AIRun, Conversation, Message
from core.platform.db import system_transaction
from tests.console.people import conversation

NOW = datetime.now(UTC).replace(microsecond=0)


def talk(business: Any, *, ended: timedelta | None = None, **values: Any) -> int:
    """Store a conversation that began thirty days ago and, with `ended`, was closed so long ago."""
    state = {"status": "closed", "closed_at": NOW - ended} if ended is not None else {}
    began = {"created_at": NOW - timedelta(days=30), "waiting_since": None}
    return conversation(business.business_id, business.whatsapp_channel_id, **{**began, **state, **values})


def said(business: Any, conversation_id: int, sender: str, words: str, ago: timedelta, **values: Any) -> int:
    """Store a past message."""
    row = {
        "business_id": business.business_id,
        "conversation_id": conversation_id,
        "channel_id": business.whatsapp_channel_id,
        "direction": "inbound" if sender == "customer" else "outbound",
        "sender": sender,
        "type": "text",
        "text": words,
        "status": "received" if sender == "customer" else "sent",
        "created_at": NOW - ago,
        "stored_at": NOW - ago,
        **values,
    }
    with system_transaction() as session:
        return session.execute(insert(Message).values(row).returning(Message.id)).scalar_one()


def ran(business: Any, conversation_id: int, ago: timedelta, **values: Any) -> int:
    """Store a run of the bot; by default it answered with 0.8."""
    row = {
        "business_id": business.business_id,
        "conversation_id": conversation_id,
        "bot_id": business.bot_id,
        "settings_version": 1,
        "prompt_version": "p",
        "outcome": "reply",
        "decided_by": "model",
        "confidence": 0.8,
        "trace": {},
        "created_at": NOW - ago,
        **values,
    }
    with system_transaction() as session:
        return session.execute(insert(AIRun).values(row).returning(AIRun.id)).scalar_one()


def asked_in_vain(
    business: Any, words: str, ago: timedelta, *, answer: str = "", reason: str = "low_confidence"
) -> int:
    """Store a question that the bot handed over, and an agent's answer a quarter of an hour later. Return the run."""
    held = talk(business)
    said(business, held, "customer", words, ago + timedelta(seconds=5))
    number = ran(business, held, ago, outcome="handoff", decided_by=reason, confidence=0.3)
    if answer:
        said(business, held, "agent", answer, ago - timedelta(minutes=15))
    return number


def change(conversation_id: int, **values: Any) -> None:
    with system_transaction() as session:
        session.execute(update(Conversation).where(Conversation.id == conversation_id).values(**values))
