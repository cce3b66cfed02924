"""Audit log: actor, action and subject of every change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, object_session

from core.accounts import audit_references
from core.models import Agent, AuditEntry
from core.platform.scope import Actor, Scope, current_scope


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry. `names` has the names of what its actor, subject and data refer to: "agent:3", "team:2"."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    data: dict[str, Any]
    names: Mapping[str, str]


_address: ContextVar[str] = ContextVar("network_address", default="")


def set_address(address: str) -> None:
    """Set the network address recorded with every further entry of this request."""
    _address.set(address)


def record(session: Session, action: str, subject: str, **data: Any) -> None:
    """Add an entry for the business and actor of the transaction. `subject` has the form of an actor: "team:2"."""
    record_in(session, current_scope(session), action, subject, **data)


def record_in(session: Session, scope: Scope, action: str, subject: str, **data: Any) -> None:
    """Add an entry from work across businesses, such as a login."""
    if address := _address.get():
        data["address"] = address
    values = {"business_id": scope.business_id, "actor": str(scope.actor)}
    session.execute(insert(AuditEntry).values(**values, action=action, subject=subject, data=data))


def record_on(agent: Agent, action: str, **data: Any) -> None:
    """Add an entry for what a loaded agent did to their own account."""
    session = object_session(agent)
    assert session is not None
    actor = Actor.agent(agent.id)
    record_in(session, Scope(agent.business_id, actor), action, str(actor), **data)


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
    held = {one.id: list(_references(one)) for one in rows}
    names = audit_references.names(session, {reference for one in held.values() for reference in one})
    return [
        Entry(
            id=one.id,
            at=one.created_at,
            actor=one.actor,
            action=one.action,
            subject=one.subject,
            data=one.data,
            names={reference: names[reference] for reference in held[one.id] if reference in names},
        )
        for one in rows
    ]


def _references(entry: AuditEntry) -> Iterator[str]:
    yield entry.actor
    yield entry.subject
    yield from chain.from_iterable(audit_references.references(entry.action, entry.data).values())
