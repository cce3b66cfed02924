"""Daily rollups of figures.

Today is counted every few minutes, a closed day once and again for a week, as late data arrives (receipts, closings).
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.bots import price_table
from core.models import Business, CountedDay, Message
from core.platform.db import business_of, run, system_transaction, transaction
from core.reporting import answer_rollups
from core.reporting.daily_metrics_sql import COUNTED, GSM, GSM_WIDE

log = structlog.get_logger(__name__)

_LATE_DAYS = 7
_AGAIN_AFTER = timedelta(hours=1)
_TODAY_AGAIN_AFTER = timedelta(minutes=5)
_UNFINISHED_AGAIN_AFTER = timedelta(minutes=1)
_SETTLING = timedelta(minutes=2)  # messages have their provider's time and arrive slightly later
_MOST_AT_ONCE = 31  # days of a business per run, so that other businesses are not delayed
_LOCK = 4_207_011  # its second key is the business

_COUNT = f"""
INSERT INTO daily_metrics (business_id, day, channel_id, agent_id, metric, label, bucket, count, total)
SELECT %(business)s, day, channel_id, agent_id, metric, label, bucket, count, total FROM ({COUNTED}) AS counted
"""  # noqa: S608 - a statement of ours
_MARK = """
INSERT INTO counted_days (business_id, day, counted_at) VALUES (%(business)s, %(day)s, %(now)s)
ON CONFLICT (business_id, day) DO UPDATE SET counted_at = %(now)s
"""


def refresh_due() -> int:
    """Roll up the days of every business that are due. Returns the number of days. Safe to run concurrently."""
    with system_transaction() as session:
        businesses = session.execute(select(Business.id, Business.timezone).order_by(Business.id)).all()
    return sum(_refresh_business(business_id, ZoneInfo(timezone)) for business_id, timezone in businesses)


def recount(since: date) -> int:
    """Recount the days of every business from `since` on, for example after an import. Returns the number of days."""
    with system_transaction() as session:
        run(session, "DELETE FROM daily_metrics WHERE day >= %(since)s", {"since": since})
        run(session, "DELETE FROM counted_days WHERE day >= %(since)s", {"since": since})
    counted = 0
    while more := refresh_due():
        counted += more
    return counted


def _refresh_business(business_id: int, zone: ZoneInfo) -> int:
    with transaction(business_id) as session:
        days = due(session, zone)[:_MOST_AT_ONCE]
    counted = 0
    for day in days:
        with transaction(business_id) as session:
            counted += count_day(session, zone, day, datetime.now(zone))
    answer_rollups.refresh_due(business_id, zone)
    if counted:
        log.info("days_counted", business_id=business_id, days=counted)
    return counted


def due(session: Session, zone: ZoneInfo) -> list[date]:
    """Return the days, including today, that were never counted or not lately, newest first."""
    first = session.scalar(select(func.min(Message.created_at)).where(Message.business_id == business_of(session)))
    if first is None:
        return []
    now = datetime.now(zone)
    oldest = first.astimezone(zone).date()
    counted_at = counted(session, oldest, now.date())
    days = [now.date() - timedelta(days=back) for back in range((now.date() - oldest).days + 1)]
    return [day for day in days if _is_due(day, counted_at.get(day), now, zone)]


def counted(session: Session, first: date, last: date) -> dict[date, datetime]:
    """Return the counted days of a period and when each was counted."""
    rows = session.execute(select(CountedDay.day, CountedDay.counted_at).where(CountedDay.day.between(first, last)))
    return {day: counted_at for day, counted_at in rows}  # noqa: C416 - mypy does not accept dict(rows)


def rolled_up_until(zone: ZoneInfo, day: date, counted_at: datetime) -> datetime:
    """Return the time up to which a day is rolled up: its end, unless it was counted before then."""
    return min(_begin(zone, day + timedelta(days=1)), counted_at - _SETTLING)


def _is_due(day: date, counted_at: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    if counted_at is None:
        return True
    if day == now.date():
        return counted_at < now - _TODAY_AGAIN_AFTER
    if rolled_up_until(zone, day, counted_at) < _begin(zone, day + timedelta(days=1)):
        return counted_at < now - _UNFINISHED_AGAIN_AFTER
    return (now.date() - day).days <= _LATE_DAYS and counted_at < now - _AGAIN_AFTER


def count_day(session: Session, zone: ZoneInfo, day: date, now: datetime) -> bool:
    """Recount one day, as of `now`. Returns False if another process is counting this business."""
    lock = text("SELECT pg_try_advisory_xact_lock(:lock, :business)")
    if not session.scalar(lock, {"lock": _LOCK, "business": business_of(session)}):
        return False
    run(session, "DELETE FROM daily_metrics WHERE day = %(day)s", {"day": day})
    values = scope(session, zone, day) | billing(session)
    run(session, _COUNT, values | {"until": rolled_up_until(zone, day, now)})
    run(session, _MARK, {"business": business_of(session), "day": day, "now": now})
    return True


def billing(session: Session) -> dict[str, Any]:
    """Return the parameters of `COUNTED` for message prices."""
    return {"rates": json.dumps(price_table.rates(session)), "gsm": GSM, "gsm_wide": GSM_WIDE}


def scope(session: Session, zone: ZoneInfo, day: date) -> dict[str, Any]:
    """Return the parameters of `COUNTED` for one day of a time zone, except those of `billing`."""
    since, until = _begin(zone, day), _begin(zone, day + timedelta(days=1))
    return {"business": business_of(session), "zone": str(zone), "since": since, "until": until}


def _begin(zone: ZoneInfo, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
