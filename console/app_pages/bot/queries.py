"""Queries of the bot page."""

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
    """Return all bots. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return version_history.overview(session)


def channels() -> Sequence[Served]:
    """Return the channels with their bots. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return admin.served(session)


def current(bot_id: int) -> tuple[int, BotSettings]:
    """Return the current settings and their version. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return versions.current(session, bot_id)


def history(bot_id: int) -> Sequence[Version]:
    """Return the versions, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return version_history.history(session, bot_id)


def version(bot_id: int, number: int) -> BotSettings:
    """Return the settings of a version. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return version_history.read(session, bot_id, number)


def business_facts() -> BusinessFacts:
    """Return the business facts. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return business_profile.read(session)
