"""Claim due messages: one worker per message, a conversation's messages one after the other."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.channels.kinds import rules
from core.messaging.outbound import rate_limit, status, waiting
from core.models import ChannelState, Conversation, Delivery, MessageStatus
from core.platform.db import run

# One claim at a time: it locks the rows of several numbers in the order of their messages, so parallel claims could
# deadlock.
_CLAIM_LOCK = 4_207_005
_PAUSED_RECHECK = timedelta(seconds=60)
_BLOCKED_RECHECK = timedelta(seconds=2)
_MAX_PASSES = 5  # how often a claim retries past messages that must wait

_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s)"
_DUE = """
SELECT d.message_id, d.business_id, d.conversation_id, d.channel_id, d.identity_id, d.attempts,
       i.address, i.ended_at IS NOT NULL AS ended, m.type, m.payload, m.reply_to, c.provider, c.kind, c.settings,
       c.state,
       f.open_until IS NOT NULL AS tripped,
       CASE WHEN f.answers_only_until > now() THEN f.answers_only_until END AS answers_only
FROM deliveries d
JOIN messages m ON m.id = d.message_id
JOIN contact_identities i ON i.id = d.identity_id
JOIN channels c ON c.id = d.channel_id
JOIN channel_limits f ON f.channel_id = d.channel_id
WHERE d.next_attempt_at <= now() AND NOT EXISTS (
    SELECT FROM deliveries e
    WHERE e.conversation_id = d.conversation_id AND e.message_id < d.message_id
      AND (e.leased_until IS NOT NULL OR (e.next_attempt_at IS NOT NULL AND coalesce(e.scheduled_for <= now(), true)))
)
ORDER BY d.priority, d.next_attempt_at
LIMIT %(limit)s
FOR NO KEY UPDATE OF d, m SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that only this worker may send, until `lease` expires."""

    message_id: int
    business_id: int
    conversation_id: int
    channel_id: int
    kind: str  # of the channel
    identity_id: int
    attempt: int
    address: str
    type: str
    payload: dict[str, Any]
    reply_to: str | None
    lease: uuid.UUID


def claim(session: Session, limit: int, lease: uuid.UUID, lease_for: timedelta) -> list[Claimed]:
    """Claim up to `limit` due messages within rate limits and circuit breakers, under the caller's fresh `lease`.

    From here until the outcome is recorded the message counts as being sent: if this worker dies, its outcome is
    unknown. Messages that must wait are rescheduled instead of occupying a slot.
    """
    taken: list[Claimed] = []
    if not run(session, _TRY_LOCK, {"lock": _CLAIM_LOCK}).scalar():
        return taken
    for _ in range(_MAX_PASSES):
        due = run(session, _DUE, {"limit": limit - len(taken)}).all()
        ready = _within_limits(session, due)
        taken += _take(session, ready, lease, lease_for)
        if len(taken) >= limit or not due or len(ready) == len(due):
            break
    if not taken:
        run(session, _DEFER_BLOCKED, {"until": _BLOCKED_RECHECK})
    return taken


# Messages queued behind one that waits for its retry are not due: else every poll would find them and claim none.
_DEFER_BLOCKED = """
UPDATE deliveries SET next_attempt_at = now() + %(until)s WHERE message_id IN (
    SELECT d.message_id FROM deliveries d
    WHERE d.next_attempt_at <= now() AND EXISTS (
        SELECT FROM deliveries e
        WHERE e.conversation_id = d.conversation_id AND e.message_id < d.message_id
          AND e.next_attempt_at > now() AND coalesce(e.scheduled_for <= now(), true)
    )
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
"""


def _within_limits(session: Session, due: Sequence[Any]) -> list[Any]:
    by_channel: dict[int, list[Any]] = defaultdict(list)
    if ended := [row.message_id for row in due if row.ended]:
        status.cancel_queued(session, status.ENDED, message_ids=ended)
    for row in due:
        if row.ended:
            continue
        by_channel[row.channel_id].append(row)
    tripped = {row.channel_id for row in due if row.tripped}
    blocked = rate_limit.blocked_until(session, tripped) if tripped else {}
    ready: list[Any] = []
    for channel_id, rows in by_channel.items():
        if rows[0].state != ChannelState.ACTIVE:
            _postpone(session, rows, func.now() + _PAUSED_RECHECK)
        elif channel_id in blocked:
            _postpone(session, rows, blocked[channel_id])
        else:
            ready += _within_rates(session, channel_id, _answers_only(session, rows))
    return ready


def _answers_only(session: Session, rows: list[Any]) -> list[Any]:
    """Drop and postpone messages outside an open window, where the number may not begin conversations for now."""
    until = rows[0].answers_only
    if until is None or rules(rows[0].kind).reply_window is None:
        return rows
    answers = set(
        session.scalars(
            select(Conversation.id).where(
                Conversation.id.in_({row.conversation_id for row in rows}), Conversation.window_expires_at > func.now()
            )
        )
    )
    _postpone(session, [row for row in rows if row.conversation_id not in answers], until)
    return [row for row in rows if row.conversation_id in answers]


def _within_rates(session: Session, channel_id: int, rows: list[Any]) -> list[Any]:
    """Apply the number's rate first, then each customer's.

    Messages queued behind the number must not use up pair slots.
    """
    if not rows:
        return rows
    rate = rate_limit.per_second(rows[0].provider, rows[0].kind, rows[0].settings)
    grant = rate_limit.reserve_slots(session, channel_id, len(rows), rate)
    _postpone(session, rows[grant.allowed :], grant.next_at)
    rows = rows[: grant.allowed]
    if not rows or (pair := rules(rows[0].kind).pair_rate) is None:
        return rows
    allowed = rate_limit.take_pair_slots(session, [row.identity_id for row in rows], pair)
    _postpone(session, [row for row in rows if row.identity_id not in allowed], func.now() + pair.interval)
    return [row for row in rows if row.identity_id in allowed]


def _postpone(session: Session, rows: Iterable[Any], until: Any) -> None:
    status.update_deliveries(session, [row.message_id for row in rows], next_attempt_at=until)


_TAKE = f"""
WITH taken AS (
    UPDATE deliveries SET next_attempt_at = NULL, lease = %(lease)s::uuid, leased_until = now() + %(lease_for)s,
                          attempts = attempts + 1
    WHERE message_id = ANY(%(ids)s::bigint[]) RETURNING message_id
)
{status.update_sql(MessageStatus.SENDING, "taken")} RETURNING m.id
"""  # noqa: S608 - constant fragments


def _take(session: Session, rows: Sequence[Any], lease: uuid.UUID, lease_for: timedelta) -> list[Claimed]:
    if not rows:
        return []
    ids = [row.message_id for row in rows]
    sending = {i for (i,) in run(session, _TAKE, {"lease": lease, "lease_for": lease_for, "ids": ids})}
    settled = [message_id for message_id in ids if message_id not in sending]  # by a receipt that reported it as sent
    attempts = Delivery.attempts - 1
    status.update_deliveries(session, settled, lease=None, leased_until=None, attempts=attempts)
    return [
        Claimed(
            message_id=row.message_id,
            business_id=row.business_id,
            conversation_id=row.conversation_id,
            channel_id=row.channel_id,
            kind=row.kind,
            identity_id=row.identity_id,
            attempt=row.attempts + 1,
            address=row.address,
            type=row.type,
            payload=row.payload,
            reply_to=row.reply_to,
            lease=lease,
        )
        for row in rows
        if row.message_id in sending
    ]


def release(session: Session, lease: uuid.UUID) -> None:
    """Undo a claim whose result was lost: the caller knows that it sent none of it."""
    run(session, _RELEASE, {"lease": lease})


_RELEASE = f"""
WITH freed AS (
    UPDATE deliveries SET lease = NULL, leased_until = NULL, next_attempt_at = now(), attempts = attempts - 1
    WHERE lease = %(lease)s::uuid RETURNING message_id
)
{status.update_sql(MessageStatus.QUEUED, "freed", MessageStatus.SENDING)}
"""  # noqa: S608 - constant fragments


def renew(session: Session, leases: Sequence[uuid.UUID], message_ids: Sequence[int], lease_for: timedelta) -> None:
    """Extend the leases of sends in progress. A row locked by another transaction is renewed next time."""
    run(
        session,
        _RENEW,
        {"lease_for": lease_for, "ids": list(message_ids), "leases": list(leases)},
    )


_RENEW = """
UPDATE deliveries SET leased_until = now() + %(lease_for)s
WHERE message_id IN (
    SELECT message_id FROM deliveries
    WHERE message_id = ANY(%(ids)s::bigint[]) AND lease = ANY(%(leases)s::uuid[])
    FOR UPDATE SKIP LOCKED
)
"""


def expire_leases(session: Session, limit: int = 500) -> list[int]:
    """Mark messages whose worker died while sending as uncertain: the provider may have accepted them."""
    rows = run(session, _EXPIRE, {"limit": limit}).all()
    waiting.end(session, [message_id for message_id, lost in rows if not lost])  # receipts reported these as sent
    uncertain = [message_id for message_id, lost in rows if lost]
    waiting.mark_uncertain(session, uncertain)
    return uncertain


_INTERRUPTED = """error = jsonb_build_object(
        'code', 'interrupted', 'cause', 'network', 'title', 'Sending was interrupted', 'details', '',
        'advice', 'Ask the customer or look at the provider''s log before sending it again.')"""
_EXPIRE = f"""
WITH expired AS (
    SELECT d.message_id FROM deliveries d JOIN messages m ON m.id = d.message_id
    WHERE d.leased_until < now() LIMIT %(limit)s FOR NO KEY UPDATE OF d, m SKIP LOCKED
), freed AS (
    UPDATE deliveries d SET lease = NULL, leased_until = NULL, uncertain_since = now()
    FROM expired WHERE d.message_id = expired.message_id RETURNING d.message_id
), lost AS (
    {status.update_sql(MessageStatus.UNCERTAIN, "freed", also=_INTERRUPTED)} RETURNING m.id
)
SELECT freed.message_id, lost.id IS NOT NULL FROM freed LEFT JOIN lost ON lost.id = freed.message_id
"""  # noqa: S608 - constant fragments
