"""Queries of the people, teams and audit log pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console import auth
from console.reading import reading
from core.accounts import audit_log, user_admin, visibility
from core.accounts import teams as groups
from core.accounts.audit_log import Entry
from core.accounts.teams import TeamFacts
from core.accounts.user_admin import Person
from core.conversations import assignment as owners
from core.conversations.assignment import Rules
from core.models import Sees


def everyone() -> Sequence[Person]:
    """Return all people of the business. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return user_admin.everyone(session)


def teams() -> Sequence[TeamFacts]:
    """Return the teams. Visible to all roles, because conversations are assigned to teams in the inbox."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return groups.teams(session)


def assignment() -> Rules:
    """Return the assignment rules. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return owners.rules(session)


def agents_see() -> Sees:
    """Return which conversations agents see. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return visibility.setting(session)


def entries(
    actor: str | None, area: str | None, since: datetime | None, before_id: int | None, limit: int
) -> Sequence[Entry]:
    """Return a page of the audit log, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return audit_log.entries(session, actor=actor, area=area, since=since, before_id=before_id, limit=limit)
