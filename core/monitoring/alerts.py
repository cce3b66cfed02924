"""Alerts: conditions evaluated several times a minute, with one notification on opening and one on clearing."""

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
from core.channels.registry import PROVIDERS
from core.models import Alert, Channel, Severity
from core.monitoring.alert_rules import FIND_CONDITIONS
from core.monitoring.worker_stats import LOST_AFTER
from core.platform.db import in_business, run
from core.platform.machines import LIVE_FOR

BACKLOG_AFTER = timedelta(minutes=2)  # due work older than this is a backlog
TOKEN_ENDS = timedelta(days=7)
USUAL = 5  # messages in the same hour of each of the last four weeks, below which silence is normal
LATELY = timedelta(minutes=5)
FAILING = 0.1  # share of the webhooks of `LATELY` that could not be processed, above which there is an alert
FAILED_FOR = timedelta(days=1)  # how long a permanently failed message is an alert, unless it is resolved
LEFT = 10  # messages left in the minute, below which a channel is at its rate limit
CALM_AFTER = timedelta(minutes=2)  # an alert clears this long after its condition; a flapping one notifies once
KINDS = (
    "backlog", "breaker", "paused", "whatsapp_down", "sms_down", "email_down", "token", "silence", "budget",
    "budget_near", "budget_reached", "webhook_errors", "rate_limit_warning", "workers", "dead_letters",
    "files_apart", "message_failed",
)  # fmt: skip
_NOTIFIED_PER_MESSAGE = frozenset({"message_failed"})  # each message has its own notification, with its conversation
_KEEP = timedelta(days=365)
_LOCK = 4_207_011


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An alert; `cleared_at` is None while it is open."""

    id: int
    kind: str
    severity: Severity
    subject: str
    opened_at: datetime
    last_seen_at: datetime
    cleared_at: datetime | None


def evaluate(session: Session) -> None:
    """Open, refresh and clear the alerts of every business.

    Needs a system transaction. Concurrent calls return at once: an advisory lock admits one.
    """
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
        "rates": json.dumps(
            {
                f"{one.name} {kind}": limits.per_second
                for one in PROVIDERS.values()
                for kind, limits in one.kinds.items()
            }
        ),
    }
    opened = [
        row
        for row in run(session, FIND_CONDITIONS, limits).all()
        if row.opened and row.kind not in _NOTIFIED_PER_MESSAGE
    ]
    cleared = session.execute(
        update(Alert)
        .where(Alert.cleared_at.is_(None), Alert.last_seen_at < func.now() - CALM_AFTER)
        .values(cleared_at=func.now())
        .returning(Alert.business_id, Alert.kind, Alert.subject)
        .execution_options(synchronize_session=False)
    ).all()
    if not (opened or cleared):
        return
    names = dict(session.execute(select(Channel.kind + " " + Channel.identity, Channel.name)).all())
    for row in opened:
        data = {"subject": _display_name(names, row.subject)}
        with in_business(session, row.business_id):
            _notify(session, row.kind, Severity(row.severity), data)
    for business_id, kind, subject in cleared:
        if kind in _NOTIFIED_PER_MESSAGE:
            continue
        with in_business(session, business_id):
            _notify(session, kind, Severity.INFO, {"subject": _display_name(names, subject), "cleared": True})


def _display_name(names: Mapping[str, str], subject: str) -> str:
    """Return name and number of a channel; any other subject unchanged."""
    return f"{names[subject]} ({subject})" if subject in names else subject


def _notify(session: Session, kind: str, severity: Severity, data: Mapping[str, Any]) -> None:
    name = f"alert_{kind}"
    notify(session, name, severity, sentence("en", name, data, kind), data=data)


def open_alerts(session: Session) -> Sequence[AlertFacts]:
    """Return the open alerts, oldest first."""
    query = select(Alert).where(Alert.cleared_at.is_(None)).order_by(Alert.opened_at)
    return [_facts(row) for row in session.scalars(query)]


def past_alerts(session: Session, limit: int = 50) -> Sequence[AlertFacts]:
    """Return the cleared alerts, newest first."""
    query = select(Alert).where(Alert.cleared_at.is_not(None)).order_by(Alert.opened_at.desc()).limit(limit)
    return [_facts(row) for row in session.scalars(query)]


def listed(session: Session, state: str, before: int | None, limit: int) -> Sequence[AlertFacts]:
    """Return alerts of a state (open, cleared or all) before an id, newest first."""
    query = select(Alert)
    if before is not None:
        query = query.where(Alert.id < before)
    if state != "all":
        query = query.where(Alert.cleared_at.is_(None) if state == "open" else Alert.cleared_at.is_not(None))
    return [_facts(row) for row in session.scalars(query.order_by(Alert.id.desc()).limit(limit))]


def words(language: str, kind: str, subject: str) -> str:
    """Return the text of an alert: the condition and what to do."""
    return sentence(language, f"alert_{kind}", {"subject": subject}, kind)


def forget_old_alerts(session: Session) -> None:
    """Delete alerts cleared more than a year ago."""
    session.execute(delete(Alert).where(Alert.cleared_at < func.now() - _KEEP))


def _facts(row: Alert) -> AlertFacts:
    return AlertFacts(
        row.id, row.kind, Severity(row.severity), row.subject, row.opened_at, row.last_seen_at, row.cleared_at
    )
