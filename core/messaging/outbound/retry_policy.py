"""Retry policy: when a failed send is repeated, and the advice shown with it."""

from __future__ import annotations

import random

from core.channels.types import Cause, Diagnosis, SendError, Verdict
from core.messaging.outbound import rate_limit
from core.platform.config import get_settings

_JITTER = 0.2  # ± this share, so that a provider's outage does not end in one burst


def next_wait(error: SendError, attempts: int) -> float | None:
    """Return the seconds until the next attempt after `attempts`, or None for no retry.

    A wait that the provider names is a minimum. Refused credentials are no fault of the message, which waits for as
    long as they are refused.
    """
    settings = get_settings()
    if error.diagnosis.suspends_number:
        return rate_limit.OPEN_FOR.total_seconds()
    if error.verdict is not Verdict.RETRYABLE or attempts >= settings.retry_max_attempts:
        return None
    wait = settings.retry_waits[min(attempts, len(settings.retry_waits)) - 1]
    wait *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter needs no secrecy
    return max(wait, error.retry_after or 0)


def advice(diagnosis: Diagnosis, *, queued: bool) -> str:
    """Return the advice for a failure: the provider's table, and whether the message is retried automatically."""
    if queued:
        return f"{diagnosis.advice} {_HELD if diagnosis.suspends_number else _AGAIN}"
    passes = diagnosis.cause in _PASSING and diagnosis.verdict is not Verdict.UNKNOWN
    return f"{diagnosis.advice} {_BY_HAND}" if passes else diagnosis.advice


_PASSING = (Cause.PROVIDER, Cause.THROTTLED, Cause.NETWORK, Cause.ADMIN)
_BY_HAND = "This message is not tried again: send it again by hand once that is over."
_AGAIN = "The message will be sent again by itself."
_HELD = "The message waits, and goes out by itself once the credentials work again."
