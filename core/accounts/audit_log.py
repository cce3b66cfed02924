"""The audit log: who did what, to what."""

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
    """`who` is the person's name, empty when it was a key or the system."""

    id: int
    at: datetime
    actor: str
    who: str
    action: str
    subject: str
    data: dict[str, Any]


_address: ContextVar[str] = ContextVar("network_address", default="")


def came_from(address: str) -> None:
    """Note with every further entry of this request from which network address it came."""
    _address.set(address)


def record(session: Session, business_id: int, actor: str, action: str, subject: str, **data: Any) -> None:
    """Add an entry. `actor` is "agent:3", "key:2" or "system"; `subject` likewise names what was acted on."""
    if address := _address.get():
        data["address"] = address
    session.execute(
        insert(AuditEntry).values(business_id=business_id, actor=actor, action=action, subject=subject, data=data)
    )


def record_on(agent: Agent, action: str, **data: Any) -> None:
    """An entry of what a loaded agent did to their own account."""
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
    """The newest entries first. `area` is the word before the dot of an action; `before_id` goes on after a page."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if actor is not None:
        wanted = wanted.where(AuditEntry.actor == actor)
    if area is not None:
        wanted = wanted.where(AuditEntry.action.startswith(f"{area}.", autoescape=True))
    if since is not None:
        wanted = wanted.where(AuditEntry.created_at >= since)
    if before_id is not None:
        wanted = wanted.where(AuditEntry.id < before_id)
    found = session.scalars(wanted).all()
    names = _names(session, {_agent_id(one.actor) for one in found} | {_agent_id(one.subject) for one in found})
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
        for one in found
    ]


def _agent_id(reference: str) -> int | None:
    kind, _, number = reference.partition(":")
    return int(number) if kind == "agent" and number.isdigit() else None


def _names(session: Session, agent_ids: set[int | None]) -> dict[int | None, str]:
    rows = session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(agent_ids - {None})))
    return {row.id: row.name for row in rows}
