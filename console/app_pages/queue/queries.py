"""Queries of the retry queue."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.messaging.outbound import manual_retry, queue_reads
from core.messaging.outbound.manual_retry import Preview
from core.messaging.outbound.queue_reads import QueueState, Unsent


def state() -> QueueState:
    """Return what waits to be sent and what failed, by cause, as far as the viewer may see it."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        return queue_reads.queue_state(session, agent)


def group(status: str, cause: str | None, before: int | None) -> list[Unsent]:
    """Return a group's messages older than the given one, newest first."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        return queue_reads.group(session, status, cause, before, agent)


def preview(cause: str | None) -> Preview:
    """Return what resending the failed messages of a cause would do. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return manual_retry.preview(session, cause)
