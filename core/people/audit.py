"""The audit log: who did what, to what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.models import AuditEntry


def record(session: Session, business_id: int, actor: str, action: str, subject: str, **data: Any) -> None:
    """Add an entry. `actor` is "agent:3", "key:2" or "system"; `subject` likewise names what was acted on."""
    session.execute(
        insert(AuditEntry).values(business_id=business_id, actor=actor, action=action, subject=subject, data=data)
    )
