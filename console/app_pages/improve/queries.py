"""What the page of suggested answers reads."""

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
    """The bots there are. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return version_history.overview(session)


def suggested(bot_id: int, view: str, limit: int) -> tuple[Sequence[Suggested], Mapping[str, int]]:
    """The suggestions of a view, and how many each view has. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return suggestions.listed(session, bot_id, view, limit=limit), suggestions.counts(session, bot_id)


def gathered_at(bot_id: int) -> datetime | None:
    """When the bot's questions were last gathered by the hourly round; None: not yet. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return hourly_run.last(session, bot_id)


def can_write() -> bool:
    """Whether there is a model that could write a draft."""
    return is_configured()
