"""Commands of the dead letters page."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.db import system_transaction
from core.accounts import audit_log
from core.messaging.inbound import dead_letters
from core.platform import job_queue


def replay(event_ids: Sequence[int] | None = None) -> int:
    """Replay all dead letters, or some. Return how many. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with system_transaction() as session:
        count = dead_letters.replay(session, event_ids, agent.business_id)
        audit_log.record_in(session, agent.scope, "dead_letter.replay", "dead_letters", count=count)
    job_queue.wake_worker()
    return count


def discard(ids: Sequence[int]) -> int:
    """Delete dead letters permanently. Return how many. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with system_transaction() as session:
        count = dead_letters.discard(session, agent.business_id, ids)
        audit_log.record_in(session, agent.scope, "dead_letter.discard", "dead_letters", count=count)
    return count
