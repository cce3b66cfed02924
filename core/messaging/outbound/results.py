"""Record the outcome of a send in one short transaction after the network call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.accounts import open_alert
from core.accounts.notifications import notify
from core.channels.types import Cause, SendError, Sent, Verdict
from core.messaging.outbound import rate_limit, settlement, status, waiting
from core.messaging.outbound.claim import Claimed
from core.models import Channel, ChannelState, Delivery, DeliveryAttempt, Message, MessageStatus, Severity
from core.platform import events, metrics
from core.platform.config import get_settings
from core.platform.db import run

log = structlog.get_logger(__name__)

_SENDS = metrics.counter("sends", "Attempts to send by channel and outcome; queued is a retry", "channel", "outcome")

# Messages are locked by ascending id, as everywhere: receipts about them may be processed concurrently. Conversations
# are locked before them, as when receiving: what a customer writes at this moment is still unanswered.
_SENT = f"""
WITH outcome AS (
    SELECT * FROM unnest(%(messages)s::bigint[], %(leases)s::uuid[], %(provider_ids)s::text[], %(notes)s::text[])
    AS o (message, lease, provider_id, note)
), owners AS (
    SELECT id FROM conversations WHERE id = ANY(%(conversations)s::bigint[]) ORDER BY id FOR NO KEY UPDATE
), locked AS (
    SELECT id FROM messages WHERE id = ANY(%(messages)s::bigint[]) AND (SELECT count(*) FROM owners) >= 0
    ORDER BY id FOR NO KEY UPDATE
), updated AS (
    {status.ACCEPT}
), answered AS (
    SELECT DISTINCT ON (m.conversation_id) m.conversation_id, m.id, m.sender, m.stored_at, d.answers, {waiting.PREVIEW}
    FROM updated m JOIN deliveries d ON d.message_id = m.id
    WHERE m.status IN ('sent', 'delivered', 'read', 'played')
    ORDER BY m.conversation_id, d.answers DESC, m.id DESC
), ended AS (
    {waiting.END_WAIT}
), healthy AS (
    UPDATE channel_limits SET failures = 0, open_until = NULL, probe_until = NULL
    WHERE channel_id = ANY(%(channels)s::bigint[]) AND failures > 0
)
UPDATE deliveries d SET lease = NULL, leased_until = NULL, next_attempt_at = NULL, uncertain_since = NULL
FROM updated WHERE d.message_id = updated.id AND (d.lease = updated.lease OR d.lease IS NULL)
"""  # noqa: S608 - constant fragments


def record_sent(session: Session, sent: Sequence[tuple[Claimed, Sent]]) -> None:
    """Record accepted messages in one statement, valid even where the lease has expired."""
    values = {
        "messages": [claimed.message_id for claimed, _ in sent],
        "leases": [claimed.lease for claimed, _ in sent],
        "provider_ids": [answer.provider_id for _, answer in sent],
        "notes": [answer.note or "" for _, answer in sent],
        "channels": list({claimed.channel_id for claimed, _ in sent}),
        "conversations": list({claimed.conversation_id for claimed, _ in sent}),
    }
    run(session, _SENT, values)
    for claimed, _ in sent:
        events.publish(session, events.Change(claimed.business_id, claimed.conversation_id))
        _SENDS.labels(claimed.kind, MessageStatus.SENT.value).inc()


def record_failure(session: Session, claimed: Claimed, error: SendError) -> None:
    """Record a failed send. Its verdict decides: retry later, fail, or mark as uncertain.

    Does nothing when the lease was lost or a receipt has reported the message as sent.
    """
    if not _release(session, claimed):
        return
    events.publish_change(session, claimed.conversation_id)
    _log_attempt(session, claimed, error)
    _update_limits(session, claimed, error)
    wait = next_wait(error, claimed.attempt)
    shown = {
        "code": error.error.code,
        "title": error.error.title,
        "details": error.error.details,
        "cause": error.cause.value,
        "advice": settlement.advice(error.diagnosis, queued=wait is not None),
    }
    if error.verdict is Verdict.UNKNOWN:
        _conclude(session, claimed, MessageStatus.UNCERTAIN, shown, uncertain_since=func.now())
        waiting.mark_uncertain(session, [claimed.message_id])
    elif wait is not None:
        due: dict[str, Any] = {"next_attempt_at": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, wait)}
        if error.diagnosis.suspends_number:
            due["attempts"] = Delivery.attempts - 1
        _conclude(session, claimed, MessageStatus.QUEUED, shown, **due)
    else:
        _conclude(session, claimed, MessageStatus.FAILED, shown)
        if error.diagnosis.fact:
            settlement.record_fact(session, error.diagnosis.fact, [claimed.identity_id])
        settlement.handle_final_failure(session, [claimed.message_id])


_JITTER = 0.2  # ± this share, so that a provider's outage does not end in one burst


def next_wait(error: SendError, attempts: int) -> float | None:
    """Return the seconds until the next attempt after `attempts`, or None for no retry.

    A wait that the provider names is a minimum. Refused credentials are no fault of the message, which waits for as
    long as they are refused.
    """
    settings = get_settings()
    if error.diagnosis.suspends_number:
        return rate_limit.OPEN_FOR.total_seconds()
    if error.verdict is not Verdict.RETRYABLE or attempts >= settings.retry_max_attempts:
        return None
    wait = settings.retry_waits[min(attempts, len(settings.retry_waits)) - 1]
    wait *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter needs no secrecy
    return max(wait, error.retry_after or 0)


def _release(session: Session, claimed: Claimed) -> bool:
    """Release the lease. Returns whether it was still ours and the message still being sent.

    The message is locked before its delivery, as everywhere: a receipt about it may be coming in just now.
    """
    now = session.scalar(select(Message.status).where(Message.id == claimed.message_id).with_for_update(key_share=True))
    freed = session.execute(
        update(Delivery)
        .where(Delivery.message_id == claimed.message_id, Delivery.lease == claimed.lease)
        .values(lease=None, leased_until=None)
        .returning(Delivery.message_id)
    ).one_or_none()
    return freed is not None and now == MessageStatus.SENDING


def _conclude(session: Session, claimed: Claimed, to: MessageStatus, error: dict[str, str], **delivery: Any) -> None:
    status.move(session, [claimed.message_id], to, MessageStatus.SENDING, error=error)
    _SENDS.labels(claimed.kind, to.value).inc()
    if delivery:
        status.update_deliveries(session, [claimed.message_id], **delivery)


def _log_attempt(session: Session, claimed: Claimed, error: SendError) -> None:
    session.execute(
        insert(DeliveryAttempt).values(
            message_id=claimed.message_id,
            number=claimed.attempt,
            verdict=error.verdict,
            cause=error.cause,
            code=error.error.code,
            title=error.error.title,
            details=error.error.details,
        )
    )
    log.warning("send_failed", message_id=claimed.message_id, verdict=error.verdict.value, code=error.error.code)


def _update_limits(session: Session, claimed: Claimed, error: SendError) -> None:
    """Update the number's breaker, rate and state from the provider's error."""
    if error.error.code in _REFUSED_HERE:
        return
    if error.cause in (Cause.PROVIDER, Cause.NETWORK):
        if rate_limit.record_outcome(session, claimed.channel_id, healthy=False):
            text_ = f"Sending is paused for a minute: {error.error.title} ({error.error.code}), several times in a row."
            _open_alert(session, claimed, error, "breaker", "breaker_open", text_)
        return
    if error.diagnosis.suspends_number:
        if rate_limit.suspend_number(session, claimed.channel_id):
            words = f"Nothing goes out: {error.error.title} ({error.error.code}). {error.advice} {_HELD}"
            kind = session.scalars(select(Channel.kind).where(Channel.id == claimed.channel_id)).one()
            _open_alert(session, claimed, error, f"{kind}_down", "number_held", words)
        return
    rate_limit.record_outcome(session, claimed.channel_id, healthy=True)
    if error.diagnosis.answers_only:
        settlement.restrict_number(session, claimed.channel_id, error.error, error.diagnosis)
    elif error.cause is Cause.THROTTLED and error.retry_after:
        rate_limit.throttle(session, claimed.channel_id, min(error.retry_after, 60))
    elif error.cause is Cause.PAUSE_NUMBER:
        reason = f"{error.error.title} ({error.error.code})"
        session.execute(
            update(Channel)
            .where(Channel.id == claimed.channel_id)
            .values(state=ChannelState.PAUSED, state_reason=reason)
        )
        _open_alert(session, claimed, error, "paused", "number_paused", f"{reason}. {error.advice}")


def _open_alert(session: Session, claimed: Claimed, error: SendError, alert: str, kind: str, text: str) -> None:
    """Open a channel's alert and notify people, unless it is open already."""
    name = open_alert.open_now(session, alert, claimed.channel_id)
    if name is not None:
        data = {"channel": name, "title": error.error.title, "code": error.error.code}
        notify(session, kind, Severity.HIGH, text, data=data)


_HELD = "What waits goes out by itself once they work."
# Errors raised before the provider was called: they say nothing about it.
_REFUSED_HERE = frozenset({"invalid", "no_file"})
