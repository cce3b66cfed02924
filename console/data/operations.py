"""What the pages about dead letters, webhooks and keys read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console import auth
from core.db import system_transaction, transaction
from core.inbox import dead_letters, log
from core.inbox.dead_letters import Letter, Reason
from core.inbox.log import LoggedEvent, RawBody, State
from core.models import EventSource
from core.people import api_keys
from core.people.api_keys import KeyFacts


def reasons() -> Sequence[Reason]:
    agent = auth.require(*auth.MANAGERS)
    with system_transaction() as session:
        return dead_letters.reasons(session, agent.business_id)


def letters(
    *, reason: str | None = None, event_id: int | None = None, replayed: bool | None = False,
    before_id: int | None = None, limit: int = 20,
) -> Sequence[Letter]:  # fmt: skip
    agent = auth.require(*auth.MANAGERS)
    with system_transaction() as session:
        return dead_letters.letters(
            session, agent.business_id, reason=reason, event_id=event_id, replayed=replayed, before_id=before_id,
            limit=limit,
        )  # fmt: skip


def events(
    source: EventSource | None, state: State | None, since: datetime | None, before_id: int | None, limit: int
) -> Sequence[LoggedEvent]:
    auth.require(*auth.ADMINISTRATORS)
    with system_transaction() as session:
        return log.events(session, source=source, state=state, since=since, before_id=before_id, limit=limit)


def shares_installation() -> bool:
    """Whether several businesses are served here, so that nobody may read the raw log."""
    auth.require(*auth.MANAGERS)
    with system_transaction() as session:
        return not dead_letters.only_business(session)


def raw_body(event_id: int) -> RawBody:
    """Raises `NotFound`."""
    auth.require(*auth.MANAGERS)
    with system_transaction() as session:
        return log.raw_body(session, event_id)


def keys() -> Sequence[KeyFacts]:
    agent = auth.require(*auth.ADMINISTRATORS)
    with transaction(agent.business_id) as session:
        return api_keys.list_keys(session, agent.business_id)
