"""When a failed send is tried again. The one place that decides."""

from __future__ import annotations

import random

from core.channels.base import SendError, Verdict
from core.config import get_settings

_JITTER = 0.2  # ± this share, so that a provider's outage does not end in one burst


def next_wait(error: SendError, attempts: int) -> float | None:
    """Seconds until the next try after `attempts` tries, or None when there shall be none.

    A wait that the provider names is obeyed as a minimum.
    """
    settings = get_settings()
    if error.verdict is not Verdict.RETRYABLE or attempts >= settings.retry_max_attempts:
        return None
    wait = settings.retry_waits[min(attempts, len(settings.retry_waits)) - 1]
    wait *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter needs no secrecy
    return max(wait, error.retry_after or 0)
