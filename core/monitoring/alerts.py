"""Alerts: conditions looked at several times a minute, told once when they begin and once when they are over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.accounts.notification_texts import sentence
from core.accounts.notifications import notify
from core.messaging.outbound import rate_limit
from core.models import Alert, Channel, Severity
from core.monitoring.alert_rules import SEE
from core.monitoring.worker_stats import LOST_AFTER
from core.platform.db import run
from core.platform.machines import LIVE_FOR

BACKLOG_AFTER = timedelta(minutes=2)  # work that is due and not done for longer
TOKEN_ENDS = timedelta(days=7)
USUAL = 5  # messages in the same hour of each of the last four weeks, below which silence says nothing
LATELY = timedelta(minutes=5)
FAILING = 0.1  # of the webhooks of `LATELY`: when more could not be processed something is wrong
FAILED_FOR = timedelta(days=1)  # how long a message that failed for good is an alert, unless it is dealt with
LEFT = 10  # messages of a minute's: with fewer left a channel is at the limit of its rate
CALM_AFTER = timedelta(minutes=2)  # a condition not seen for this long is over: one that flickers is told once
KINDS = (
    "backlog", "breaker", "paused", "whatsapp_down", "sms_down", "email_down", "token", "silence", "budget",
    "budget_near", "budget_reached", "webhook_errors", "rate_limit_warning", "workers", "dead_letters",
    "files_apart", "message_failed",
)  # fmt: skip
_TOLD_SINGLY = frozenset({"message_failed"})  # each message has a notice of its own, which names its conversation
_KEEP = timedelta(days=365)
_LOCK = 4_207_011


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
        "live": LIVE_FOR,
        "ends": TOKEN_ENDS,
        "usual": USUAL,
        "lately": LATELY,
        "failing": FAILING,
        "left": LEFT,
        "failed_for": FAILED_FOR,
        "rates": json.dumps({f"{provider} {kind}": rate for (provider, kind), rate in rate_limit.PER_SECOND.items()}),
    }
    opened = [row for row in run(session, SEE, limits).all() if row.opened and row.kind not in _TOLD_SINGLY]
    over = session.execute(
        update(Alert)
        .where(Alert.cleared_at.is_(None), Alert.last_seen_at < func.now() - CALM_AFTER)
        .values(cleared_at=func.now())
        .returning(Alert.business_id, Alert.kind, Alert.subject)
        .execution_options(synchronize_session=False)
    ).all()
    if not (opened or over):
        return
    names = dict(session.execute(select(Channel.kind + " " + Channel.identity, Channel.name)).all())
    for row in opened:
        _tell(session, row.business_id, row.kind, Severity(row.severity), {"subject": _named(names, row.subject)})
    for business_id, kind, subject in over:
        if kind in _TOLD_SINGLY:
            continue
        _tell(session, business_id, kind, Severity.INFO, {"subject": _named(names, subject), "cleared": True})


def _named(names: Mapping[str, str], subject: str) -> str:
    """A channel by its name and its number; any other subject as it is."""
    return f"{names[subject]} ({subject})" if subject in names else subject


def _tell(session: Session, business_id: int, kind: str, severity: Severity, data: Mapping[str, Any]) -> None:
    name = f"alert_{kind}"
    notify(session, business_id, name, severity, sentence("en", name, data, kind), data=data)


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


def listed(session: Session, business_id: int, state: str, before: int | None, limit: int) -> Sequence[AlertFacts]:
    """Alerts of a state (open, cleared or all), newest first, those before the one of this id."""
    wanted = select(Alert).where(Alert.business_id == business_id)
    if before is not None:
        wanted = wanted.where(Alert.id < before)
    if state != "all":
        wanted = wanted.where(Alert.cleared_at.is_(None) if state == "open" else Alert.cleared_at.is_not(None))
    return [_facts(row) for row in session.scalars(wanted.order_by(Alert.id.desc()).limit(limit))]


def words(language: str, kind: str, subject: str) -> str:
    """What is wrong and what to do."""
    return sentence(language, f"alert_{kind}", {"subject": subject}, kind)


def forget_old_alerts(session: Session) -> None:
    """Drop what was over a year ago."""
    session.execute(delete(Alert).where(Alert.cleared_at < func.now() - _KEEP))


def _facts(row: Alert) -> AlertFacts:
    return AlertFacts(
        row.id, row.kind, Severity(row.severity), row.subject, row.opened_at, row.last_seen_at, row.cleared_at
    )
