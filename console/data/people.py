"""What the pages about people and the audit log read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console import auth
from console.data.reading import reading
from core.conversations import owners
from core.conversations.owners import Rules
from core.models import Sees
from core.people import audit, staff, visibility
from core.people import teams as groups
from core.people.audit import Entry
from core.people.staff import Person
from core.people.teams import TeamFacts


def everyone() -> Sequence[Person]:
    """All people of the business. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return staff.everyone(session)


def teams() -> Sequence[TeamFacts]:
    """The teams of the business. Everybody may know them: conversations are given to teams in the inbox."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return groups.teams(session)


def assignment() -> Rules:
    """Who is given what the bot hands over. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return owners.rules(session, agent.business_id)


def agents_see() -> Sees:
    """Which conversations agents see. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return visibility.setting(session, agent.business_id)


def entries(
    actor: str | None, area: str | None, since: datetime | None, before_id: int | None, limit: int
) -> Sequence[Entry]:
    """A page of the audit log, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return audit.entries(session, actor=actor, area=area, since=since, before_id=before_id, limit=limit)
