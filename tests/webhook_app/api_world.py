"""What the API's tests share: calls with the bootstrap key, and rows as workers would have left them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update
from werkzeug.test import TestResponse

from core.models import Contact, ContactIdentity, Conversation, Delivery, Message
from core.platform.db import system_transaction

BOOTSTRAP = {"Authorization": "Bearer test-api-key"}
NOW = datetime.now(UTC).replace(microsecond=0)


class Api:
    """A client that carries a key."""

    def __init__(self, client: FlaskClient, key: str = "test-api-key") -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(path, query_string=query, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, json=body, headers=self.headers | named)


def make_conversation(
    business_id: int,
    channel_id: int,
    address: str = "5491155550001",
    *,
    kind: str = "whatsapp",
    name: str = "Ana",
    at: datetime = NOW,
    window: timedelta | None = timedelta(hours=24),
    **more: Any,
) -> int:
    """A conversation with a customer; `window` is counted from now, None means that they never wrote."""
    from core.channels.phone_numbers import lookup_key

    with system_transaction() as session:
        contact = session.execute(
            insert(Contact).values(business_id=business_id, name=name).returning(Contact.id)
        ).scalar_one()
        identity = session.execute(
            insert(ContactIdentity)
            .values(
                business_id=business_id, contact_id=contact, kind=kind, address=address, lookup_key=lookup_key(address)
            )
            .returning(ContactIdentity.id)
        ).scalar_one()
        return session.execute(
            insert(Conversation)
            .values(
                business_id=business_id,
                channel_id=channel_id,
                contact_id=contact,
                identity_id=identity,
                kind=kind,
                last_message_at=at,
                window_expires_at=None if window is None else datetime.now(UTC) + window,
                **more,
            )
            .returning(Conversation.id)
        ).scalar_one()


def make_message(conversation_id: int, text: str, *, sender: str = "customer", at: datetime = NOW, **more: Any) -> int:
    """A message as it lies in the table: received from the customer, or sent by the bot or an agent."""
    inbound = sender == "customer"
    with system_transaction() as session:
        conversation = session.get_one(Conversation, conversation_id)
        values = {
            "business_id": conversation.business_id,
            "conversation_id": conversation_id,
            "channel_id": conversation.channel_id,
            "direction": "inbound" if inbound else "outbound",
            "sender": sender,
            "type": "text",
            "text": text,
            "payload": {"type": "text", "text": text},
            "status": "received" if inbound else "sent",
            "created_at": at,
            "sent_at": None if inbound else at,
        }
        return session.execute(insert(Message).values(values | more).returning(Message.id)).scalar_one()


def fail(message_id: int, *, status: str = "failed", cause: str = "provider", attempts: int = 5) -> None:
    """Leave a queued message as the sending worker does when it gave up, or does not know."""
    error = {"code": "131000", "title": "Something went wrong", "cause": cause, "advice": "Wait.", "details": ""}
    with system_transaction() as session:
        session.execute(update(Message).where(Message.id == message_id).values(status=status, error=error))
        session.execute(
            update(Delivery)
            .where(Delivery.message_id == message_id)
            .values(
                next_attempt_at=None, attempts=attempts, uncertain_since=func.now() if status == "uncertain" else None
            )
        )


def column(entity: Any, row_id: int, name: str) -> Any:
    """One value of one row, as it is committed."""
    key = entity.__table__.primary_key.columns[0]
    with system_transaction() as session:
        return session.execute(select(getattr(entity, name)).where(key == row_id)).scalar_one()


def count(entity: Any) -> int:
    with system_transaction() as session:
        return session.scalar(select(func.count()).select_from(entity)) or 0
