"""Check whether a business is open: weekly hours and holidays, in its time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.accounts.opening_hours import OpeningHours


def is_open(hours: OpeningHours, moment: datetime, time_zone: str) -> bool:
    """Whether a shift covers `moment`, which is timezone-aware; always True without weekly hours.

    A shift whose end is not after its start runs past midnight and belongs to the day on which it starts: a holiday
    cancels the whole shift. 22:00 to 22:00 lasts 24 hours.
    """
    if not hours.week:
        return True
    local = moment.astimezone(ZoneInfo(time_zone))
    today, now = local.date(), local.time()
    yesterday = today - timedelta(days=1)
    for shift in hours.week:
        overnight = shift.closes <= shift.opens
        started_today = shift.day == today.weekday() and today not in hours.holidays and shift.opens <= now
        if started_today and (overnight or now < shift.closes):
            return True
        started_yesterday = overnight and shift.day == yesterday.weekday() and yesterday not in hours.holidays
        if started_yesterday and now < shift.closes:
            return True
    return False
