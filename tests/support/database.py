"""Query the tests' database as its owner."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, select, text
from sqlalchemy.orm import Session

from core.models import Conversation, Message, Sender
from core.platform.db import get_engine, system_transaction
from core.platform.embedded import Embedded


def rows(sql: str, **values: Any) -> list[Any]:
    """Run a query as the database's owner."""
    with system_transaction() as session:
        result = session.execute(text(sql), values)
        return list(result.all()) if isinstance(result, CursorResult) and result.returns_rows else []


def one(sql: str, **values: Any) -> Any:
    """Return the single value of the single row."""
    ((value,),) = rows(sql, **values)
    return value


def column(sql: str, **values: Any) -> list[Any]:
    return [row[0] for row in rows(sql, **values)]


def state_of(conversation_id: int) -> Conversation:
    with system_transaction() as session:
        return session.get_one(Conversation, conversation_id)


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


def start_postgres(servers: Embedded) -> None:
    """Start Postgres again. Connections opened by the test before are not reused."""
    servers.postgres.start()
    get_engine().dispose()


def force_rescans(session: Session) -> None:
    """Make Postgres use nested loops that look up the inner side per outer row, as it may for few rows."""
    for plan in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "bitmapscan", "indexscan", "indexonlyscan"):
        session.execute(text(f"SET LOCAL enable_{plan} = off"))
