"""Call the REST API with a key, and leave rows as workers would."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from core.models import Delivery, Message
from core.platform.db import system_transaction

BOOTSTRAP = {"Authorization": "Bearer test-api-key"}


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


def value_of(entity: Any, row_id: int, name: str) -> Any:
    """One value of one row, as it is committed."""
    key = entity.__table__.primary_key.columns[0]
    with system_transaction() as session:
        return session.execute(select(getattr(entity, name)).where(key == row_id)).scalar_one()


def count(entity: Any) -> int:
    with system_transaction() as session:
        return session.scalar(select(func.count()).select_from(entity)) or 0
