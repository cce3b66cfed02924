"""A bot's settings: the version in force, and saving the next one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from core.bots.settings import BotSettings
from core.models import BotVersion
from core.platform.db import actor_of
from core.platform.errors import NotFound
from core.types import ReplyPolicy


def reply_policies(session: Session, bot_ids: Iterable[int]) -> dict[int, ReplyPolicy]:
    """Return the current reply policy of each of these bots."""
    ids = list(bot_ids)
    if not ids:
        return {}
    rows = session.execute(
        select(
            BotVersion.bot_id,
            BotVersion.data["enabled"].as_boolean(),
            BotVersion.data["autonomy"].as_string(),
            BotVersion.data["quiet_seconds"].as_float(),
        )
        .where(BotVersion.bot_id.in_(ids))
        .ext(distinct_on(BotVersion.bot_id))
        .order_by(BotVersion.bot_id, BotVersion.version.desc())
    )
    return {bot_id: ReplyPolicy(enabled, autonomy, quiet) for bot_id, enabled, autonomy, quiet in rows}


def current(session: Session, bot_id: int) -> tuple[int, BotSettings]:
    """Return the newest version's number and settings.

    Raises:
        NotFound: the bot has no settings.
    """
    row = session.execute(
        select(BotVersion.version, BotVersion.data)
        .where(BotVersion.bot_id == bot_id)
        .order_by(BotVersion.version.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound(f"Bot {bot_id} has no settings.")
    return row.version, BotSettings.model_validate(row.data)


def version(session: Session, bot_id: int, number: int) -> BotSettings:
    """Return one version's settings. A version never changes, so it is read once per process."""
    if (bot_id, number) not in _cache:
        data = session.scalars(
            select(BotVersion.data).where(BotVersion.bot_id == bot_id, BotVersion.version == number)
        ).one()
        if len(_cache) > _MAX_CACHED:
            _cache.clear()
        _cache[(bot_id, number)] = BotSettings.model_validate(data)
    return _cache[(bot_id, number)]


_MAX_CACHED = 100
_cache: dict[tuple[int, int], BotSettings] = {}


def clear_cache() -> None:
    """Clear the cache of versions."""
    _cache.clear()


def save(session: Session, bot_id: int, settings: BotSettings, *, note: str = "") -> int:
    """Add a version. Two people who save at once cannot get the same number: the primary key refuses the second."""
    newest = session.scalar(select(func.max(BotVersion.version)).where(BotVersion.bot_id == bot_id)) or 0
    session.execute(
        insert(BotVersion).values(
            bot_id=bot_id,
            version=newest + 1,
            data=settings.model_dump(mode="json"),
            author=actor_of(session),
            note=note,
        )
    )
    return newest + 1
