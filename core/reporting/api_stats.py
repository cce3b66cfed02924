"""Statistics of one period for the REST API, counted live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.platform.db import business_of
from core.reporting.daily_metrics_sql import ANSWERS, TAKEN
from core.reporting.metrics import contacts, zone_of


class Period(StrEnum):
    """Whole days of the business's time zone, today included: 1, 7 or 30 of them."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"


_DAYS = {Period.TODAY: 1, Period.WEEK: 7, Period.MONTH: 30}


@dataclass(frozen=True, slots=True)
class Stats:
    """Averages are None if there is nothing to average.

    total_conversations: conversations with activity in the period; active_conversations: those not closed.
    messages_received: from customers; messages_sent: from bot and agents, accepted by a provider;
    total_messages: the sum of both.
    average_response_time: seconds from a customer's first unanswered message to the next answer of bot or agent.
    average_satisfaction: mean rating of the rated conversations.
    ai_response_rate: the share (0 to 1) of messages_sent written by the bot.
    active_contacts_24h, active_contacts_7d: customers who wrote in that time, regardless of the period.
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

# A turn starts where the direction changes; the row after a customer's turn is the first answer to it. Our own
# created_at is truncated to the second, so the time of an answer is when it was sent, or stored (an echo of the phone
# app).
_MESSAGES = text(f"""
WITH sent_messages AS (
    SELECT m.conversation_id, m.id, m.direction, m.sender, m.created_at, coalesce(m.sent_at, m.stored_at) AS left_at,
           m.sender = 'customer' OR {ANSWERS} AS answers
    FROM messages m
    WHERE m.business_id = :business AND m.created_at >= :since
      AND NOT EXISTS (SELECT FROM conversations c WHERE c.id = m.conversation_id AND c.imported)
      AND (m.sender = 'customer' OR (m.sender IN ('bot', 'agent') AND m.status IN {TAKEN}))
), talk AS (
    SELECT *, lag(direction) OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS before
    FROM sent_messages WHERE answers
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
FROM sent_messages
""")  # noqa: S608 - conditions of ours


def stats(session: Session, period: Period) -> Stats:
    """Return the statistics of a business from the start of the period until now."""
    scope = {"business": business_of(session), "since": start_of(period, zone_of(session), datetime.now(UTC))}
    conversations = session.execute(_CONVERSATIONS, scope).one()
    messages = session.execute(_MESSAGES, scope).one()
    active = contacts(session)
    return Stats(
        total_conversations=conversations.total,
        active_conversations=conversations.active,
        total_messages=messages.received + messages.sent,
        messages_sent=messages.sent,
        messages_received=messages.received,
        average_response_time=_rounded(messages.response),
        average_satisfaction=_rounded(conversations.satisfaction),
        ai_response_rate=round(messages.by_bot / messages.sent, 4) if messages.sent else None,
        active_contacts_24h=active.day,
        active_contacts_7d=active.week,
    )


def start_of(period: Period, zone: ZoneInfo, now: datetime) -> datetime:
    """Return midnight, in the business's time zone, of the period's first day."""
    first = now.astimezone(zone).date() - timedelta(days=_DAYS[period] - 1)
    return datetime(first.year, first.month, first.day, tzinfo=zone)


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 2)
