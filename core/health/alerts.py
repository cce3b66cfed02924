"""Alerts: conditions looked at each minute, told once when they begin and once when they are over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.db import run
from core.health.conditions import SEE
from core.health.work import LOST_AFTER
from core.models import Alert, Severity
from core.outbox import flow
from core.people.notices import notify

BACKLOG_AFTER = timedelta(minutes=2)  # work that is due and not done for longer
TOKEN_ENDS = timedelta(days=7)
USUAL = 5  # messages in the same hour of each of the last four weeks, below which silence says nothing
LATELY = timedelta(minutes=5)
FAILING = 0.1  # of the webhooks of `LATELY`: when more could not be processed something is wrong
LEFT = 10  # messages of a minute's: with fewer left a channel is at the limit of its rate
CALM_AFTER = timedelta(minutes=2)  # a condition not seen for this long is over: one that flickers is told once
_KEEP = timedelta(days=365)
_LOCK = 4_207_011

_WORDS = {
    "backlog": "Work has been waiting for minutes: the workers do not keep up.",
    "breaker": "A channel's provider keeps failing, so sending through it pauses and is tried again: {subject}.",
    "paused": "A channel is paused and sends nothing until an administrator resumes it: {subject}.",
    "webhook_errors": "Over a tenth of what providers sent in five minutes could not be processed: {subject}.",
    "rate_limit": "A channel sends nearly as fast as its provider allows, so messages wait: {subject}.",
    "workers": "No worker has been heard of: nothing is received, answered or sent.",
    "refused": "A provider does not accept a channel's account: {subject}.",
    "token": "A channel's access token ends within a week: {subject}.",
    "silence": "Nobody has written for an hour in which people usually do: {subject}.",
    "budget": "A bot has used up what it may spend in a minute, so answers wait: {subject}.",
    "budget_near": "A bot has spent four fifths of what it may cost in a day or a month: {subject}.",
    "budget_reached": "A bot has spent what it may, so no model is asked until that day or month is over: {subject}.",
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
    limits = {
        "backlog": BACKLOG_AFTER,
        "lost": LOST_AFTER,
        "ends": TOKEN_ENDS,
        "usual": USUAL,
        "lately": LATELY,
        "failing": FAILING,
        "left": LEFT,
        "rates": json.dumps({f"{provider} {kind}": rate for (provider, kind), rate in flow.PER_SECOND.items()}),
    }
    seen = run(session, SEE, limits).all()
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


def forget_old_alerts(session: Session) -> None:
    """Drop what was over a year ago."""
    session.execute(delete(Alert).where(Alert.cleared_at < func.now() - _KEEP))


def _facts(row: Alert) -> AlertFacts:
    return AlertFacts(
        row.id, row.kind, Severity(row.severity), row.subject, row.opened_at, row.last_seen_at, row.cleared_at
    )
