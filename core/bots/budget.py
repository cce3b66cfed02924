"""Requests and tokens a bot may spend in a minute, and US dollars in a day and in a month.

The truth is the runs that are already stored, so every process sees the same budget and nothing has to be kept
in step: the caller adds up the runs that began within `WINDOW` (those in flight with the estimate of their
prompt) and asks here before it calls the model. A run that does not fit in its minute waits its turn; it does not
fail. When the money is spent no model is asked until the day or the month is over: approved answers are still given,
every other question goes to a person with an apology. Calls of unknown price are counted, but nobody can add them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from core.bots.settings import BotSettings

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


NEAR = Decimal("0.8")  # of a budget: from here on people are told


class Level(StrEnum):
    """How much of its money a bot has spent."""

    WITHIN = "within"
    NEAR = "near"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Money:
    """What one bot has cost since the day and the month began, in USD, and how many calls have no known price."""

    day: Decimal
    month: Decimal
    unknown_day: int
    unknown_month: int


def level(settings: BotSettings, spent: Money) -> Level:
    """Where the bot stands in the tighter of its two budgets."""
    limits = ((spent.day, settings.usd_per_day), (spent.month, settings.usd_per_month))
    share = max((used / Decimal(str(limit)) for used, limit in limits if limit is not None), default=Decimal(0))
    if share >= 1:
        return Level.REACHED
    return Level.NEAR if share >= NEAR else Level.WITHIN
