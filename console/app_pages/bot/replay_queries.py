"""Queries of the What if part."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console import auth
from console.reading import reading
from core.bots import price_table
from core.bots.llm.configured import is_configured
from core.bots.settings import BotSettings
from core.evaluation import replays
from core.evaluation import test_cases as saved
from core.evaluation.replays import RehearsalView
from core.evaluation.test_cases import Case


def latest(bot_id: int) -> RehearsalView | None:
    """Return the bot's latest replay. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return replays.latest(session, bot_id)


def of_version(bot_id: int, number: int) -> RehearsalView | None:
    """Return the latest replay of a version's settings. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return replays.of_version(session, bot_id, number)


def cases(bot_id: int) -> Sequence[Case]:
    """Return the bot's saved cases. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return saved.of_bot(session, bot_id)


def can_write() -> bool:
    """Return whether a language model is configured."""
    return is_configured()


def most_of_a_question(in_force: BotSettings, wanted: BotSettings) -> Decimal | None:
    """Return the maximum cost in USD of one question asked of both settings, None if a price is unknown."""
    table = price_table.table(auth.require(*auth.MANAGERS).business_id)
    most = [replays.most_of_a_call(one, table) for one in (in_force, wanted)]
    known = [price for price in most if price is not None]
    return sum(known, Decimal()) if len(known) == len(most) else None
