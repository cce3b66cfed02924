"""What is done about jobs that failed."""

from __future__ import annotations

import redis

from console import auth
from core import bell
from core.errors import StoreUnavailable


def requeue(job_id: str) -> None:
    """Run a failed job again. Raises `NotAllowed`, `StoreUnavailable`."""
    auth.require(*auth.MANAGERS, fresh=True)
    try:
        bell.requeue(job_id)
    except redis.RedisError as error:
        raise StoreUnavailable("Redis does not answer.") from error
