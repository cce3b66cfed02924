"""A desk with somebody at it: what the console's tests start from."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select

from core.accounts import sessions, users
from core.models import (
    Contact,
    ContactIdentity,
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageStatus,
    Role,
    Sender,
)
from core.platform import events
from core.platform.db import system_transaction

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
    with system_transaction() as session:
        agent_id = users.create_agent(
            session, business_id, name=name, email=email, role=role, password=PASSWORD, language=language
        )
        return Person(agent_id, business_id, email, sessions.open_session(session, business_id, agent_id))


def conversation(business_id: int, channel_id: int, *, name: str = "Daniela Cruz", **values: Any) -> int:
    """An open conversation on a WhatsApp channel, with its customer."""
    row = {"mode": "bot", "window_expires_at": datetime.now(UTC) + timedelta(hours=23), **values}
    with system_transaction() as session:
        contact_id = session.execute(
            insert(Contact).values(business_id=business_id, name=name).returning(Contact.id)
        ).scalar_one()
        identity_id = session.execute(
            insert(ContactIdentity)
            .values(
                business_id=business_id,
                contact_id=contact_id,
                kind="whatsapp",
                address=f"54911{next(_numbers):08}",
                opted_out_at=row.pop("opted_out_at", None),
            )
            .returning(ContactIdentity.id)
        ).scalar_one()
        return session.execute(
            insert(Conversation)
            .values(
                business_id=business_id,
                channel_id=channel_id,
                contact_id=contact_id,
                identity_id=identity_id,
                kind="whatsapp",
                **row,
            )
            .returning(Conversation.id)
        ).scalar_one()


def says(business_id: int, conversation_id: int, text: str, **values: Any) -> int:
    """A customer's message, stored and announced as one that came in."""
    with system_transaction() as session:
        conversation = session.get_one(Conversation, conversation_id)
        conversation.last_message_text = text
        conversation.last_message_at = func.clock_timestamp()
        conversation.unread_count += 1
        row = {
            "business_id": business_id,
            "conversation_id": conversation_id,
            "channel_id": conversation.channel_id,
            "direction": Direction.INBOUND,
            "sender": Sender.CUSTOMER,
            "type": "text",
            "text": text,
            "status": MessageStatus.RECEIVED,
            "created_at": func.date_trunc("second", func.clock_timestamp()),
            **values,
        }
        message_id = session.execute(insert(Message).values(row).returning(Message.id)).scalar_one()
        events.publish_change(session, business_id, conversation_id)
        return message_id


def failed_message(business_id: int, conversation_id: int, text: str = "hi") -> int:
    """A message of the team's that the provider refused for good."""
    error = {"code": "131026", "title": "Undeliverable", "cause": "recipient", "advice": "…"}
    message_id = says(
        business_id, conversation_id, text, direction="outbound", sender="agent", status="failed", error=error
    )
    with system_transaction() as session:
        talk = session.get_one(Conversation, conversation_id)
        session.add(
            Delivery(
                message_id=message_id, business_id=business_id, conversation_id=talk.id, channel_id=talk.channel_id,
                identity_id=talk.identity_id, priority=0, attempts=5,
            )
        )  # fmt: skip
    return message_id


def replies(conversation_id: int) -> list[str]:
    """What the team wrote in a conversation, in order."""
    with system_transaction() as session:
        return list(
            session.scalars(
                select(Message.text)
                .where(Message.conversation_id == conversation_id, Message.sender == Sender.AGENT)
                .order_by(Message.created_at, Message.id)
            )
        )


def state_of(conversation_id: int) -> Conversation:
    with system_transaction() as session:
        return session.get_one(Conversation, conversation_id)
