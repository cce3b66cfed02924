"""Budgets of a bot: requests and tokens a minute, US dollars a day and a month.

Spending is summed from the stored runs, so that every process sees the same budget and nothing needs synchronising: the
caller sums the runs that began within `WINDOW` (those in flight with the estimate of their prompt) and checks here
before it calls the model. A run over the minute's budget is postponed; it does not fail. When the money is spent no
model is asked until the day or the month is over: approved answers are still sent, every other question is handed off
with an apology. Calls of unknown price are counted, but have no amount.
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
    """Return whether a call of about `tokens` fits in the budget now.

    A call larger than the whole budget is allowed when nothing else was spent; otherwise it would wait for ever.
    """
    if settings.requests_per_minute is not None and spent.requests >= settings.requests_per_minute:
        return False
    if settings.tokens_per_minute is None or spent.tokens == 0:
        return True
    return spent.tokens + tokens <= settings.tokens_per_minute


NEAR = Decimal("0.8")  # share of a budget from which administrators are notified


class Level(StrEnum):
    """How much of its money budget a bot has spent."""

    WITHIN = "within"
    NEAR = "near"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Money:
    """Cost of one bot since the day and the month began, in USD, and the number of calls without a known price."""

    day: Decimal
    month: Decimal
    unknown_day: int
    unknown_month: int


def level(settings: BotSettings, spent: Money) -> Level:
    """Return the level of the tighter of the bot's two money budgets."""
    limits = ((spent.day, settings.usd_per_day), (spent.month, settings.usd_per_month))
    share = max((used / Decimal(str(limit)) for used, limit in limits if limit is not None), default=Decimal(0))
    if share >= 1:
        return Level.REACHED
    return Level.NEAR if share >= NEAR else Level.WITHIN
