"""Whether people are there to take over: weekly hours and holidays, in the business's own time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.accounts.opening_hours import OpeningHours


def is_open(hours: OpeningHours, moment: datetime, time_zone: str) -> bool:
    """Whether somebody works at that moment. `moment` is aware; without weekly hours somebody always does.

    A shift whose end is not after its start runs past midnight, and belongs to the day it starts on: a holiday
    takes the whole of its shift away. 22:00 to 22:00 is a whole day.
    """
    if not hours.week:
        return True
    local = moment.astimezone(ZoneInfo(time_zone))
    today, now = local.date(), local.time()
    yesterday = today - timedelta(days=1)
    for shift in hours.week:
        overnight = shift.closes <= shift.opens
        begun = shift.day == today.weekday() and today not in hours.holidays and shift.opens <= now
        if begun and (overnight or now < shift.closes):
            return True
        lasting = overnight and shift.day == yesterday.weekday() and yesterday not in hours.holidays
        if lasting and now < shift.closes:
            return True
    return False
