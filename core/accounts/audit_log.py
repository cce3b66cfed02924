"""Audit log: actor, action and subject of every change."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, object_session

from core.models import Agent, AuditEntry


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry. `who` is the agent's name, empty for a key or the system."""

    id: int
    at: datetime
    actor: str
    who: str
    action: str
    subject: str
    data: dict[str, Any]


_address: ContextVar[str] = ContextVar("network_address", default="")


def set_address(address: str) -> None:
    """Set the network address recorded with every further entry of this request."""
    _address.set(address)


def record(session: Session, business_id: int, actor: str, action: str, subject: str, **data: Any) -> None:
    """Add an entry. `actor` is "agent:3", "key:2" or "system"; `subject` has the same form."""
    if address := _address.get():
        data["address"] = address
    session.execute(
        insert(AuditEntry).values(business_id=business_id, actor=actor, action=action, subject=subject, data=data)
    )


def record_on(agent: Agent, action: str, **data: Any) -> None:
    """Add an entry for what a loaded agent did to their own account."""
    session = object_session(agent)
    assert session is not None
    record(session, agent.business_id, f"agent:{agent.id}", action, f"agent:{agent.id}", **data)


def entries(
    session: Session,
    *,
    actor: str | None = None,
    area: str | None = None,
    since: datetime | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[Entry]:
    """Return entries, newest first. `area` is the part of the action before the dot; `before_id` pages backwards."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if actor is not None:
        query = query.where(AuditEntry.actor == actor)
    if area is not None:
        query = query.where(AuditEntry.action.startswith(f"{area}.", autoescape=True))
    if since is not None:
        query = query.where(AuditEntry.created_at >= since)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    rows = session.scalars(query).all()
    names = _names(session, {_agent_id(one.actor) for one in rows} | {_agent_id(one.subject) for one in rows})
    return [
        Entry(
            id=one.id,
            at=one.created_at,
            actor=one.actor,
            who=names.get(_agent_id(one.actor), ""),
            action=one.action,
            subject=names.get(_agent_id(one.subject), one.subject),
            data=one.data,
        )
        for one in rows
    ]


def _agent_id(reference: str) -> int | None:
    kind, _, number = reference.partition(":")
    return int(number) if kind == "agent" and number.isdigit() else None


def _names(session: Session, agent_ids: set[int | None]) -> dict[int | None, str]:
    rows = session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(agent_ids - {None})))
    return {row.id: row.name for row in rows}
