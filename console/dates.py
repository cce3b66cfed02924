"""Moments as whoever looks writes them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from console import i18n

TYPED = {"en": "MM/DD/YYYY", "es": "DD/MM/YYYY", "pt": "DD/MM/YYYY"}  # as Streamlit's date fields name the order


def moment(at: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Day and time of 24 hours, in the reader's language and the business's own time."""
    local = at.astimezone(zone)
    return f"{day(local)}, {local:%H:%M:%S}" if seconds else f"{day(local)}, {local:%H:%M}"


def day(on: date) -> str:
    """A day, short: "17/11/26"."""
    return format_date(on, "short", locale=i18n.current())
