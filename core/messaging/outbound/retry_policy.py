"""When a failed send is tried again, and what is said of that. The one place that decides."""

from __future__ import annotations

import random

from core.channels.types import Cause, Diagnosis, SendError, Verdict
from core.messaging.outbound import rate_limit
from core.platform.config import get_settings

_JITTER = 0.2  # ± this share, so that a provider's outage does not end in one burst


def next_wait(error: SendError, attempts: int) -> float | None:
    """Seconds until the next try after `attempts` tries, or None when there shall be none.

    A wait that the provider names is obeyed as a minimum. Refused credentials are no fault of the message, which
    waits for as long as they are.
    """
    settings = get_settings()
    if error.diagnosis.holds_number:
        return rate_limit.OPEN_FOR.total_seconds()
    if error.verdict is not Verdict.RETRYABLE or attempts >= settings.retry_max_attempts:
        return None
    wait = settings.retry_waits[min(attempts, len(settings.retry_waits)) - 1]
    wait *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter needs no secrecy
    return max(wait, error.retry_after or 0)


def advice(diagnosis: Diagnosis, *, queued: bool) -> str:
    """What a person is told of a failure: the provider's table, and whether the message goes out again by itself."""
    if queued:
        return f"{diagnosis.advice} {_HELD if diagnosis.holds_number else _AGAIN}"
    passes = diagnosis.cause in _PASSING and diagnosis.verdict is not Verdict.UNKNOWN
    return f"{diagnosis.advice} {_BY_HAND}" if passes else diagnosis.advice


_PASSING = (Cause.PROVIDER, Cause.THROTTLED, Cause.NETWORK, Cause.ADMIN)
_BY_HAND = "This message is not tried again: send it again by hand once that is over."
_AGAIN = "The message will be sent again by itself."
_HELD = "The message waits, and goes out by itself once the credentials work again."
