"""Builders of people, conversations, messages and runs of the bot, stored as the product would have left them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, update
from sqlalchemy.orm import Session

from core.accounts import sessions, users
from core.channels.phone_numbers import lookup_key
from core.models import AIRun, Contact, ContactIdentity, Conversation, Delivery, Message, Role
from core.platform import events
from core.platform.db import system_transaction, transaction

if TYPE_CHECKING:
    from tests.conftest import TestBusiness

NOW = datetime.now(UTC).replace(microsecond=0)
PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    id: int
    business_id: int
    email: str
    token: str


def person(business_id: int, *, name: str = "Ana Torres", role: Role = Role.AGENT, language: str = "en") -> Person:
    """An agent who is signed in."""
    email = f"agent{next(_numbers)}@desk.example"
    with transaction(business_id) as session:
        agent_id = users.create_agent(session, name=name, email=email, role=role, password=PASSWORD, language=language)
        return Person(agent_id, business_id, email, sessions.open_session(session, agent_id))


def conversation(
    business_id: int,
    channel_id: int,
    address: str = "",
    *,
    kind: str = "whatsapp",
    name: str = "Daniela Cruz",
    window: timedelta | None = timedelta(hours=23),
    **values: Any,
) -> int:
    """An open conversation with a customer of its own; `window` is counted from now, None: they never wrote."""
    address = address or f"54911{next(_numbers):08}"
    opted_out_at = values.pop("opted_out_at", None)
    window_expires_at = None if window is None else datetime.now(UTC) + window
    with system_transaction() as session:
        contact_id = session.execute(
            insert(Contact).values(business_id=business_id, name=name).returning(Contact.id)
        ).scalar_one()
        identity = ContactIdentity(
            business_id=business_id, contact_id=contact_id, kind=kind, address=address, lookup_key=lookup_key(address),
            opted_out_at=opted_out_at,
        )  # fmt: skip
        session.add(identity)
        session.flush()
        row = {"mode": "bot", "kind": kind, "window_expires_at": window_expires_at, **values}
        row |= {"business_id": business_id, "channel_id": channel_id}
        row |= {"contact_id": contact_id, "identity_id": identity.id}
        return session.execute(insert(Conversation).values(row).returning(Conversation.id)).scalar_one()


def past_conversation(business: TestBusiness, *, ended: timedelta | None = None, **values: Any) -> int:
    """A conversation that began thirty days ago and, with `ended`, was closed so long ago."""
    state = {"status": "closed", "closed_at": NOW - ended} if ended is not None else {}
    began = {"created_at": NOW - timedelta(days=30), "waiting_since": None}
    return conversation(business.business_id, business.whatsapp_channel_id, **{**began, **state, **values})


def change(conversation_id: int, **values: Any) -> None:
    """Leave other values in a conversation."""
    with system_transaction() as session:
        session.execute(update(Conversation).where(Conversation.id == conversation_id).values(values))


def message(conversation_id: int, text: str, *, sender: str = "customer", **values: Any) -> int:
    """A message in the table: received from the customer, or sent by the bot or an agent; `at` is when."""
    with system_transaction() as session:
        return _insert_message(session, session.get_one(Conversation, conversation_id), text, sender, values)


def says(business_id: int, conversation_id: int, text: str, *, sender: str = "customer", **values: Any) -> int:
    """A customer's message, stored and announced as one that came in."""
    with transaction(business_id) as session:
        conversation = session.get_one(Conversation, conversation_id)
        conversation.last_message_text = text
        conversation.last_message_at = func.clock_timestamp()
        conversation.unread_count += 1
        message_id = _insert_message(session, conversation, text, sender, values)
        events.publish_change(session, conversation_id)
        return message_id


def _insert_message(
    session: Session, conversation: Conversation, text: str, sender: str, values: dict[str, Any]
) -> int:
    inbound = sender == "customer"
    at = values.pop("at", None)
    row = {
        "business_id": conversation.business_id,
        "conversation_id": conversation.id,
        "channel_id": conversation.channel_id,
        "direction": "inbound" if inbound else "outbound",
        "sender": sender,
        "type": "text",
        "text": text,
        "payload": {"type": "text", "text": text},
        "status": "received" if inbound else "sent",
        "created_at": at or func.date_trunc("second", func.clock_timestamp()),
        "sent_at": None if inbound else at,
        **({} if at is None else {"stored_at": at}),
        **values,
    }
    return session.execute(insert(Message).values(row).returning(Message.id)).scalar_one()


def failed_message(business_id: int, conversation_id: int, text: str = "hi") -> int:
    """A message of the team's that the provider refused for good."""
    error = {"code": "131026", "title": "Undeliverable", "cause": "recipient", "advice": "…"}
    message_id = says(business_id, conversation_id, text, sender="agent", status="failed", error=error)
    with system_transaction() as session:
        talk = session.get_one(Conversation, conversation_id)
        session.add(
            Delivery(
                message_id=message_id, business_id=business_id, conversation_id=talk.id, channel_id=talk.channel_id,
                identity_id=talk.identity_id, priority=0, attempts=5,
            )
        )  # fmt: skip
    return message_id


def ai_run(business: TestBusiness, conversation_id: int, ago: timedelta = timedelta(0), **values: Any) -> int:
    """A run of the bot; by default it answered with 0.8."""
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
    business: TestBusiness, words: str, ago: timedelta, *, answer: str = "", reason: str = "low_confidence"
) -> int:
    """A question that the bot handed over, and an agent's answer a quarter of an hour later. Returns the run."""
    held = past_conversation(business)
    message(held, words, at=NOW - ago - timedelta(seconds=5))
    run = ai_run(business, held, ago, outcome="handoff", decided_by=reason, confidence=0.3)
    if answer:
        message(held, answer, sender="agent", at=NOW - ago + timedelta(minutes=15))
    return run
