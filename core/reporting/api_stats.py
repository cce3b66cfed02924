"""The figures of one period, counted from the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.models import Business
from core.reporting.daily_metrics_sql import ANSWERS, TAKEN
from core.reporting.metrics import contacts


class Period(StrEnum):
    """Whole days of the business's time zone, today included: 1, 7 or 30 of them."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"


_DAYS = {Period.TODAY: 1, Period.WEEK: 7, Period.MONTH: 30}


@dataclass(frozen=True, slots=True)
class Stats:
    """A figure is None where there is nothing to average.

    total_conversations: conversations with activity in the period; active_conversations: those of them still open.
    messages_received: what customers wrote; messages_sent: what bot and people sent and a provider took;
    total_messages: both together.
    average_response_time: seconds from a customer's first unanswered message to the next answer of bot or person.
    average_satisfaction: mean rating of those conversations that were rated.
    ai_response_rate: the share (0 to 1) of messages_sent that the bot wrote.
    active_contacts_24h, active_contacts_7d: customers who wrote in that time, whatever the period.
    """

    total_conversations: int
    active_conversations: int
    total_messages: int
    messages_sent: int
    messages_received: int
    average_response_time: float | None
    average_satisfaction: float | None
    ai_response_rate: float | None
    active_contacts_24h: int
    active_contacts_7d: int


_CONVERSATIONS = text("""
SELECT count(*) AS total, count(*) FILTER (WHERE status <> 'closed') AS active, avg(csat) AS satisfaction
FROM conversations WHERE business_id = :business AND last_message_at >= :since AND NOT imported
""")

# A turn begins where the direction changes; the row after a customer's turn is the first answer to it. Our own
# created_at is cut to the second, so an answer's moment is when it left, or was stored (an echo of the phone app).
_MESSAGES = text(f"""
WITH said AS (
    SELECT m.conversation_id, m.id, m.direction, m.sender, m.created_at, coalesce(m.sent_at, m.stored_at) AS left_at,
           m.sender = 'customer' OR {ANSWERS} AS answers
    FROM messages m
    WHERE m.business_id = :business AND m.created_at >= :since
      AND NOT EXISTS (SELECT FROM conversations c WHERE c.id = m.conversation_id AND c.imported)
      AND (m.sender = 'customer' OR (m.sender IN ('bot', 'agent') AND m.status IN {TAKEN}))
), talk AS (
    SELECT *, lag(direction) OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS before
    FROM said WHERE answers
), turns AS (
    SELECT direction,
           lead(left_at) OVER (PARTITION BY conversation_id ORDER BY created_at, id) - created_at AS answered_in
    FROM talk WHERE direction IS DISTINCT FROM before
)
SELECT count(*) FILTER (WHERE sender = 'customer') AS received,
       count(*) FILTER (WHERE sender <> 'customer') AS sent,
       count(*) FILTER (WHERE sender = 'bot') AS by_bot,
       (SELECT avg(greatest(extract(epoch FROM answered_in), 0)) FROM turns
        WHERE direction = 'inbound' AND answered_in IS NOT NULL) AS response
FROM said
""")  # noqa: S608 - conditions of ours


def stats(session: Session, business_id: int, period: Period) -> Stats:
    """The figures of a business from the beginning of the period until now."""
    zone = session.scalars(select(Business.timezone).where(Business.id == business_id)).one()
    scope = {"business": business_id, "since": start_of(period, ZoneInfo(zone), datetime.now(UTC))}
    talks = session.execute(_CONVERSATIONS, scope).one()
    said = session.execute(_MESSAGES, scope).one()
    wrote = contacts(session, business_id)
    return Stats(
        total_conversations=talks.total,
        active_conversations=talks.active,
        total_messages=said.received + said.sent,
        messages_sent=said.sent,
        messages_received=said.received,
        average_response_time=_rounded(said.response),
        average_satisfaction=_rounded(talks.satisfaction),
        ai_response_rate=round(said.by_bot / said.sent, 4) if said.sent else None,
        active_contacts_24h=wrote.day,
        active_contacts_7d=wrote.week,
    )


def start_of(period: Period, zone: ZoneInfo, now: datetime) -> datetime:
    """Midnight, in the business's own time, of the period's first day."""
    first = now.astimezone(zone).date() - timedelta(days=_DAYS[period] - 1)
    return datetime(first.year, first.month, first.day, tzinfo=zone)


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 2)
