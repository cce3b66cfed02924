"""Commands on failed jobs."""

from __future__ import annotations

import redis

from console import auth
from console.db import system_transaction
from core.messaging.inbound import dead_letters
from core.platform import job_queue
from core.platform.errors import StoreUnavailable


def requeue(job_id: str) -> None:
    """Requeue a failed job. Raises `NotAllowed`, also if jobs serve other businesses, `StoreUnavailable`."""
    auth.require(*auth.MANAGERS, fresh=True)
    with system_transaction() as session:
        if not dead_letters.only_business(session):
            raise auth.NotAllowed("This installation serves several businesses: its jobs are for none of them to run.")
    try:
        job_queue.requeue(job_id)
    except redis.RedisError as error:
        raise StoreUnavailable("Redis does not answer.") from error
