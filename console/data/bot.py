"""What the bot's page reads."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.store import transaction
from core.ai.prompt import BusinessFacts
from core.ai.settings import BotSettings
from core.business import facts
from core.conversations import bot_channels, bot_history, bots
from core.conversations.bot_channels import Served
from core.conversations.bot_history import BotOverview, Version


def overview() -> Sequence[BotOverview]:
    """The bots there are. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return bot_history.overview(session)


def channels() -> Sequence[Served]:
    """The channels and who answers on each. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return bot_channels.served(session)


def current(bot_id: int) -> tuple[int, BotSettings]:
    """The settings in force and their version. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return bots.current(session, bot_id)


def history(bot_id: int) -> Sequence[Version]:
    """The versions, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return bot_history.history(session, bot_id)


def version(bot_id: int, number: int) -> BotSettings:
    """One version's settings. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return bot_history.read(session, bot_id, number)


def business_facts() -> BusinessFacts:
    """What the bot may tell about the business. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return facts.read(session, agent.business_id)
