"""What the bot's page reads."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.db import transaction
from core.accounts import business_profile
from core.bots import admin, version_history, versions
from core.bots.admin import Served
from core.bots.settings import BotSettings
from core.bots.version_history import BotOverview, Version
from core.types import BusinessFacts


def overview() -> Sequence[BotOverview]:
    """The bots there are. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return version_history.overview(session)


def channels() -> Sequence[Served]:
    """The channels and who answers on each. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return admin.served(session)


def current(bot_id: int) -> tuple[int, BotSettings]:
    """The settings in force and their version. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return versions.current(session, bot_id)


def history(bot_id: int) -> Sequence[Version]:
    """The versions, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return version_history.history(session, bot_id)


def version(bot_id: int, number: int) -> BotSettings:
    """One version's settings. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return version_history.read(session, bot_id, number)


def business_facts() -> BusinessFacts:
    """What the bot may tell about the business. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return business_profile.read(session, agent.business_id)
