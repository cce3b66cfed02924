"""Rate limits and circuit breaker of each number, kept in Postgres inside the claiming transaction.

Rates follow the generic cell rate algorithm: each number (and each pair of number and customer) stores the theoretical
arrival time of its next message. The breaker opens after consecutive failures of the provider, stays open for a while,
then lets one probe through. Redis could hold both, but would lose them on restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.channels.kinds import PairRate
from core.channels.registry import limits
from core.models import Channel, ChannelLimit
from core.platform.db import run

FAILURES_TO_OPEN = 5
OPEN_FOR = timedelta(seconds=60)
PROBE_FOR = timedelta(seconds=30)

# A burst of b on a steady rate of r yields up to r + b in one second, so the limit is divided between them.
_BURST_SHARE = 1 / 8


@dataclass(frozen=True, slots=True)
class SlotGrant:
    """How many messages may be sent now, and when the next one may."""

    allowed: int
    next_at: datetime


def per_second(provider: str, kind: str, settings: dict[str, object]) -> float:
    """Return the number's rate: `messages_per_second` of its channel settings, else the provider's default."""
    own = settings.get("messages_per_second")
    return float(own) if isinstance(own, int | float) and own > 0 else limits(provider, kind).per_second


_GRANT = """
WITH flow AS (
    SELECT channel_id, greatest(next_slot_at, now()) AS slot, open_until, failures
    FROM channel_limits WHERE channel_id = %(channel)s FOR UPDATE
), grant_ AS (
    SELECT channel_id, slot,
        CASE WHEN open_until IS NULL OR failures < %(limit)s THEN
            least(%(wanted)s, greatest(0, floor(
                (extract(epoch FROM now() - slot + make_interval(secs => %(burst)s)) + 1e-6)  -- times are whole µs
                / %(interval)s)::int))
        ELSE least(%(wanted)s, 1) END AS allowed
    FROM flow
)
UPDATE channel_limits f SET next_slot_at = g.slot + make_interval(secs => g.allowed * %(interval)s)
FROM grant_ g WHERE f.channel_id = g.channel_id
RETURNING g.allowed, f.next_slot_at - make_interval(secs => %(burst)s - %(interval)s)
"""


def reserve_slots(session: Session, channel_id: int, wanted: int, rate: float) -> SlotGrant:
    """Reserve up to `wanted` sends; `rate` is never exceeded in any second. Locks the number's row until commit."""
    burst = max(1.0, rate * _BURST_SHARE)
    interval = 1 / (rate - burst if burst > 1 else rate)
    row = run(
        session,
        _GRANT,
        {
            "channel": channel_id,
            "wanted": wanted,
            "interval": interval,
            "burst": burst * interval,
            "limit": FAILURES_TO_OPEN,
        },
    ).one()
    return SlotGrant(row[0], row[1])


def ensure_flow(session: Session, channel_id: int) -> None:
    """Create the channel's rate row; every channel has one from its creation."""
    row = select(Channel.business_id, Channel.id).where(Channel.id == channel_id)
    session.execute(insert(ChannelLimit).from_select(["business_id", "channel_id"], row).on_conflict_do_nothing())


def blocked_until(session: Session, channel_ids: Iterable[int]) -> dict[int, datetime]:
    """Return numbers whose breaker blocks sending now, with the time to check again.

    After the pause one caller sets `probe_until` and may send one message; for all others the number stays blocked.
    """
    now = func.now()
    rows = session.execute(
        select(ChannelLimit.channel_id, ChannelLimit.open_until, ChannelLimit.open_until > now).where(
            ChannelLimit.channel_id.in_(list(channel_ids)), ChannelLimit.open_until.is_not(None)
        )
    ).all()
    blocked: dict[int, datetime] = {}
    for channel_id, open_until, still_open in rows:
        if still_open and open_until is not None:
            blocked[channel_id] = open_until
        elif (probing_until := _try_probe(session, channel_id)) is not None:
            blocked[channel_id] = probing_until
    return blocked


def _try_probe(session: Session, channel_id: int) -> datetime | None:
    """Return None if this caller may probe, else when the current probe ends."""
    flow = session.scalars(select(ChannelLimit).where(ChannelLimit.channel_id == channel_id).with_for_update()).one()
    now = session.scalar(select(func.now()))
    assert now is not None
    if flow.probe_until is not None and flow.probe_until > now:
        return flow.probe_until
    flow.probe_until = now + PROBE_FOR
    session.flush()
    return None


def record_outcome(session: Session, channel_id: int, *, healthy: bool) -> bool:
    """Count a send that the provider answered (healthy) or could not. Returns whether this opened the breaker."""
    if healthy:
        _set(session, channel_id, ChannelLimit.failures > 0, failures=0, open_until=None, probe_until=None)
        return False
    row = session.execute(
        update(ChannelLimit)
        .where(ChannelLimit.channel_id == channel_id)
        .values(failures=ChannelLimit.failures + 1)
        .returning(ChannelLimit.failures)
    ).one()
    if row.failures < FAILURES_TO_OPEN:
        return False
    _set(session, channel_id, open_until=func.now() + OPEN_FOR, probe_until=None)
    return bool(row.failures == FAILURES_TO_OPEN)


def suspend_number(session: Session, channel_id: int) -> bool:
    """Suspend a number whose credentials were refused, except for a probe every `OPEN_FOR`.

    Returns whether this is new.
    """
    is_new = session.scalar(
        select(ChannelLimit.open_until.is_(None)).where(ChannelLimit.channel_id == channel_id).with_for_update()
    )
    failures = func.greatest(ChannelLimit.failures, FAILURES_TO_OPEN)
    _set(session, channel_id, failures=failures, open_until=func.now() + OPEN_FOR, probe_until=None)
    return bool(is_new)


_RESUME = """
WITH suspended AS (
    SELECT channel_id, greatest(open_until, probe_until) AS until FROM channel_limits
    WHERE channel_id = %(channel)s AND open_until IS NOT NULL FOR UPDATE
), freed AS (
    UPDATE channel_limits f SET failures = 0, open_until = NULL, probe_until = NULL
    FROM suspended WHERE f.channel_id = suspended.channel_id
)
UPDATE deliveries d SET next_attempt_at = now() FROM suspended s, messages m
WHERE d.channel_id = s.channel_id AND m.id = d.message_id AND d.next_attempt_at BETWEEN now() AND s.until
  AND coalesce(d.scheduled_for <= now(), true) AND coalesce(m.error ->> 'cause', 'admin') = 'admin'
"""


def resume_number(session: Session, channel_id: int) -> None:
    """Resume a number whose credentials were replaced: suspended messages are due at once."""
    run(session, _RESUME, {"channel": channel_id})


def restrict_to_replies(session: Session, channel_id: int, seconds: float) -> bool:
    """Stop the number from beginning conversations for `seconds`; replies in an open window continue.

    Returns whether this is new.
    """
    is_new = session.scalar(
        select(func.coalesce(ChannelLimit.answers_only_until <= func.now(), True))
        .where(ChannelLimit.channel_id == channel_id)
        .with_for_update()
    )
    until = func.greatest(ChannelLimit.answers_only_until, func.now() + timedelta(seconds=seconds))
    _set(session, channel_id, answers_only_until=until)
    return bool(is_new)


def throttle(session: Session, channel_id: int, seconds: float) -> None:
    """Pause a number for `seconds` after its provider reported a rate limit."""
    at = func.greatest(ChannelLimit.next_slot_at, func.now() + timedelta(seconds=seconds))
    _set(session, channel_id, next_slot_at=at)


def _set(session: Session, channel_id: int, *conditions: ColumnElement[bool], **columns: Any) -> None:
    session.execute(update(ChannelLimit).where(ChannelLimit.channel_id == channel_id, *conditions).values(**columns))


_PAIR = """
UPDATE contact_identities SET pair_slot_at = greatest(pair_slot_at, now()) + %(interval)s
WHERE id = ANY(%(ids)s::bigint[]) AND (pair_slot_at IS NULL OR pair_slot_at <= now() + %(tolerance)s)
RETURNING id
"""


def take_pair_slots(session: Session, identity_ids: Sequence[int], pair: PairRate) -> set[int]:
    """Reserve one message to each of these customers; returns those who may be written to now."""
    values = {"ids": list(identity_ids), "interval": pair.interval, "tolerance": pair.interval * (pair.burst - 1)}
    return {identity_id for (identity_id,) in run(session, _PAIR, values)}
