"""Telling open consoles what changed: Postgres NOTIFY, delivered when the writing transaction commits.

A notification carries ids, never content, and may be lost (nobody listens, the connection broke): whoever shows data
reads it again after reconnecting and now and then anyway. Postgres folds equal notifications of one transaction into
one, so a service may announce a conversation as often as it likes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

TOPIC = "bothub_live"
_NOTIFY = text(f"SELECT pg_notify('{TOPIC}', :payload)")


@dataclass(frozen=True, slots=True)
class Change:
    """Something in this conversation looks different now."""

    business_id: int
    conversation_id: int


def notify(session: Session, business_id: int, conversation_id: int) -> None:
    """Announce a change of a conversation or its messages, at commit."""
    session.execute(_NOTIFY, {"payload": json.dumps([business_id, conversation_id])})


def parse(payload: str) -> Change | None:
    """What a notification says; None when it is not one of ours (anybody with the database's password can send)."""
    try:
        match json.loads(payload):
            case [int(business_id), int(conversation_id)]:
                return Change(business_id, conversation_id)
    except ValueError:
        pass
    return None
