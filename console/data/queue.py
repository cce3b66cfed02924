"""What the retry queue page reads."""

from __future__ import annotations

from console import auth
from console.store import transaction
from core.outbox import queries, retrying
from core.outbox.queries import QueueState, Unsent
from core.outbox.retrying import Preview


def state() -> QueueState:
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return queries.queue_state(session, agent.business_id, agent)


def group(status: str, cause: str | None, before: int | None) -> list[Unsent]:
    """The messages of a group, newest first, older than the one named."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return queries.group(session, agent.business_id, status, cause, before, agent)


def preview(cause: str | None) -> Preview:
    """What sending the failed messages of a cause again would do. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return retrying.preview(session, agent.business_id, cause)
