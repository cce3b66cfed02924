"""Dates and times in the viewer's format."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from console import i18n

TYPED = {"en": "MM/DD/YYYY", "es": "DD/MM/YYYY", "pt": "DD/MM/YYYY"}  # date order as Streamlit names it


def moment(at: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Format date and 24-hour time in the viewer's language and the business's time zone."""
    local = at.astimezone(zone)
    return f"{day(local)}, {local:%H:%M:%S}" if seconds else f"{day(local)}, {local:%H:%M}"


def day(on: date) -> str:
    """Format a short date: "17/11/26"."""
    return format_date(on, "short", locale=i18n.current())
