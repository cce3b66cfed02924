"""Alerts: conditions looked at each minute, told once when they begin and once when they are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db import run
from core.health.work import LOST_AFTER
from core.models import Alert, Severity
from core.people.notices import notify

BACKLOG_AFTER = timedelta(minutes=2)  # work that is due and not done for longer
CALM_AFTER = timedelta(minutes=2)  # a condition not seen for this long is over: one that flickers is told once
_LOCK = 4_207_011

_WORDS = {
    "backlog": "Work has been waiting for minutes: the workers do not keep up.",
    "breaker": "A channel's provider keeps failing, so sending through it pauses and is tried again: {subject}.",
    "paused": "A channel is paused and sends nothing until an administrator resumes it: {subject}.",
    "workers": "No worker has been heard of: nothing is received, answered or sent.",
    "dead_letters": "Something that arrived could not be processed: see the dead letters.",
}


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An alert as people see it; `cleared_at` is None while it is open."""

    id: int
    kind: str
    severity: Severity
    subject: str
    opened_at: datetime
    last_seen_at: datetime
    cleared_at: datetime | None


def evaluate(session: Session) -> None:
    """Open, keep and clear the alerts of every business. Needs a system transaction; of several callers one works."""
    if not run(session, "SELECT pg_try_advisory_xact_lock(%(lock)s)", {"lock": _LOCK}).scalar():
        return
    seen = run(session, _SEE, {"backlog": BACKLOG_AFTER, "lost": LOST_AFTER}).all()
    for row in seen:
        if row.opened:
            text = _WORDS[row.kind].format(subject=row.subject)
            notify(session, row.business_id, f"alert_{row.kind}", Severity(row.severity), text)
    over = session.execute(
        update(Alert)
        .where(Alert.cleared_at.is_(None), Alert.last_seen_at < func.now() - CALM_AFTER)
        .values(cleared_at=func.now())
        .returning(Alert.business_id, Alert.kind, Alert.subject)
        .execution_options(synchronize_session=False)
    )
    for business_id, kind, subject in over:
        text = f"Cleared: {_WORDS[kind].format(subject=subject)}"
        notify(session, business_id, f"alert_{kind}", Severity.INFO, text)


_SEE = """
WITH conditions (business_id, kind, severity, subject) AS (
    SELECT id, 'backlog', 'high', 'inbound' FROM businesses WHERE EXISTS (
        SELECT FROM webhook_events WHERE processed_at IS NULL AND received_at < now() - %(backlog)s)
    UNION
    SELECT business_id, 'backlog', 'high', 'replies' FROM reply_turns
    WHERE greatest(due_at, leased_until) < now() - %(backlog)s
    UNION
    SELECT business_id, 'backlog', 'high', 'sending' FROM deliveries d WHERE next_attempt_at < now() - %(backlog)s
        AND NOT EXISTS (SELECT FROM channels c WHERE c.business_id = d.business_id AND c.state = 'paused')
    UNION
    SELECT c.business_id, 'breaker', 'high', c.kind || ' ' || c.identity
    FROM channel_flow f JOIN channels c ON c.id = f.channel_id WHERE f.open_until > now()
    UNION
    SELECT business_id, 'paused', 'high', kind || ' ' || identity FROM channels WHERE state = 'paused'
    UNION
    SELECT id, 'workers', 'high', 'all' FROM businesses
    WHERE (SELECT max(seen_at) FROM worker_reports) < now() - %(lost)s
    UNION
    SELECT b.id, 'dead_letters', 'warning', 'waiting' FROM businesses b WHERE EXISTS (
        SELECT FROM dead_letters l WHERE l.replayed_at IS NULL AND (l.business_id = b.id
            OR l.business_id IS NULL AND (SELECT count(*) FROM businesses) = 1))
)
INSERT INTO alerts (business_id, kind, severity, subject) SELECT * FROM conditions ORDER BY 1, 2, 4
ON CONFLICT (business_id, kind, subject) WHERE cleared_at IS NULL DO UPDATE SET last_seen_at = now()
RETURNING business_id, kind, severity, subject, opened_at = last_seen_at AND xmax = 0 AS opened
"""


def open_alerts(session: Session, business_id: int) -> Sequence[AlertFacts]:
    """What is wrong now, the longest first."""
    wanted = select(Alert).where(Alert.business_id == business_id, Alert.cleared_at.is_(None)).order_by(Alert.opened_at)
    return [_facts(row) for row in session.scalars(wanted)]


def past_alerts(session: Session, business_id: int, limit: int = 50) -> Sequence[AlertFacts]:
    """What is over, the newest first."""
    wanted = (
        select(Alert)
        .where(Alert.business_id == business_id, Alert.cleared_at.is_not(None))
        .order_by(Alert.opened_at.desc())
        .limit(limit)
    )
    return [_facts(row) for row in session.scalars(wanted)]


def _facts(row: Alert) -> AlertFacts:
    return AlertFacts(
        row.id, row.kind, Severity(row.severity), row.subject, row.opened_at, row.last_seen_at, row.cleared_at
    )
