"""Queries of the Improve page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from console import auth
from console.db import transaction
from core.bots import version_history
from core.bots.llm.configured import is_configured
from core.bots.version_history import BotOverview
from core.evaluation import hourly_run, suggestions
from core.evaluation.suggestions import Suggested


def bots() -> Sequence[BotOverview]:
    """Return all bots. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return version_history.overview(session)


def suggested(bot_id: int, view: str, limit: int) -> tuple[Sequence[Suggested], Mapping[str, int]]:
    """Return the suggestions of a view and the count of each view. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return suggestions.listed(session, bot_id, view, limit=limit), suggestions.counts(session, bot_id)


def gathered_at(bot_id: int) -> datetime | None:
    """Return when the hourly run last collected the bot's questions, None if never. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return hourly_run.last(session, bot_id)


def can_write() -> bool:
    """Return whether a model is configured."""
    return is_configured()
