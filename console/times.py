"""Moments as whoever looks writes them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from console import i18n


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Day and time, short, in the reader's language and the business's own time."""
    return format_datetime(at.astimezone(zone), "short", locale=i18n.current())
