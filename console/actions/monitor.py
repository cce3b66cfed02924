"""What is done about jobs that failed."""

from __future__ import annotations

import redis

from console import auth
from console.store import system_transaction
from core import bell
from core.errors import StoreUnavailable
from core.inbox import dead_letters


def requeue(job_id: str) -> None:
    """Run a failed job again. Raises `NotAllowed`, also where jobs work for other businesses, `StoreUnavailable`."""
    auth.require(*auth.MANAGERS, fresh=True)
    with system_transaction() as session:
        if not dead_letters.only_business(session):
            raise auth.NotAllowed("This installation serves several businesses: its jobs are for none of them to run.")
    try:
        bell.requeue(job_id)
    except redis.RedisError as error:
        raise StoreUnavailable("Redis does not answer.") from error
