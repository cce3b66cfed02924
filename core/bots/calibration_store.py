"""Stored calibration of each bot, cached for a few minutes in the process that answers."""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bots.calibration import IDENTITY, Calibration
from core.models import BotCalibration

_CACHE_SECONDS = 300.0


def of_bot(session: Session, bot_id: int) -> Calibration:
    """Return the bot's calibration, at most five minutes old."""
    cached_at, calibration = _cache.get(bot_id, (float("-inf"), IDENTITY))
    if time.monotonic() - cached_at < _CACHE_SECONDS:
        return calibration
    calibration = stored(session, bot_id)[0]
    _cache[bot_id] = (time.monotonic(), calibration)
    return calibration


_cache: dict[int, tuple[float, Calibration]] = {}


def clear_cache() -> None:
    """Clear the cache of calibrations."""
    _cache.clear()


def stored(session: Session, bot_id: int) -> tuple[Calibration, datetime | None]:
    """Return the bot's calibration and when it was learned; the identity and None before that."""
    query = select(BotCalibration.points, BotCalibration.sample, BotCalibration.computed_at).where(
        BotCalibration.bot_id == bot_id
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return IDENTITY, None
    return Calibration(tuple((raw, observed) for raw, observed in row.points), row.sample), row.computed_at
