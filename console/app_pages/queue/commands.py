"""Commands of the retry queue. Managers and administrators only."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.messaging.outbound import manual_retry
from core.messaging.outbound.manual_retry import Retried
from core.platform import job_queue


def retry(ids: list[int] | None, cause: str | None) -> Retried:
    """Resend the given messages, or all failed ones of a cause. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        result = manual_retry.retry(session, ids, cause)
    job_queue.wake_worker()
    return result


def give_up(ids: list[int]) -> int:
    """Give up on these messages. Return how many. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        return manual_retry.give_up(session, ids)


def arrived(message_id: int) -> None:
    """Mark an uncertain message as arrived. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        manual_retry.confirm_sent(session, message_id)
