"""Requests and tokens a bot may spend in a minute.

The truth is the runs that are already stored, so every process sees the same budget and nothing has to be kept
in step: the caller adds up the runs that began within `WINDOW` (those in flight with the estimate of their
prompt) and asks here before it calls the model. A run that does not fit waits its turn; it does not fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.ai.settings import BotSettings

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one bot used within the last `WINDOW`."""

    requests: int
    tokens: int


def fits(settings: BotSettings, spent: Spent, tokens: int) -> bool:
    """Whether a call of about `tokens` may be made now.

    A call larger than the whole budget goes out when nothing else was spent; otherwise it would wait for ever.
    """
    if settings.requests_per_minute is not None and spent.requests >= settings.requests_per_minute:
        return False
    if settings.tokens_per_minute is None or spent.tokens == 0:
        return True
    return spent.tokens + tokens <= settings.tokens_per_minute
