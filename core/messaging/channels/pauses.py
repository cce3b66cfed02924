"""Pause and resume an account's numbers on updates from its provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core.accounts import open_alert
from core.messaging.channels.admin import set_state
from core.messaging.outbound import rate_limit
from core.models import Channel, ChannelState
from core.platform.db import acting, business_of, in_business
from core.platform.scope import PROVIDER, Scope

log = structlog.get_logger(__name__)

FOR_ACCOUNT = "account"


def pause(session: Session, channel_id: int, account: str, reason: str, until: datetime | None) -> Sequence[str]:
    """Pause the account's numbers that send. Returns the names of all that are paused for their account now.

    A number that a person paused or disabled is unchanged. An expired restriction pauses nothing.
    """
    if until is not None and until <= datetime.now(UTC):
        return []
    for row in _numbers(session, channel_id, account):
        if row.state == ChannelState.ACTIVE:
            with acting(session, PROVIDER):
                set_state(
                    session, row.id, ChannelState.PAUSED, reason,
                    paused_for=FOR_ACCOUNT, paused_until=until,
                )  # fmt: skip
            # The update's own notification says so.
            open_alert.open_now(session, "paused", row.id)
        elif row.paused_for == FOR_ACCOUNT:
            session.execute(update(Channel).where(Channel.id == row.id).values(state_reason=reason, paused_until=until))
    session.expire_all()
    return [row.name for row in _numbers(session, channel_id, account) if row.paused_for == FOR_ACCOUNT]


def restrict_to_replies(session: Session, channel_id: int, account: str, until: datetime) -> None:
    """Stop the account's numbers from beginning conversations until then; replies continue."""
    seconds = (until - datetime.now(UTC)).total_seconds()
    for row in _numbers(session, channel_id, account):
        rate_limit.restrict_to_replies(session, row.id, seconds)


def resume(session: Session, channel_id: int, account: str) -> Sequence[str]:
    """Resume the account's numbers that an account update paused. Returns their names."""
    resumed = [row for row in _numbers(session, channel_id, account) if row.paused_for == FOR_ACCOUNT]
    for row in resumed:
        with acting(session, PROVIDER):
            set_state(session, row.id, ChannelState.ACTIVE)
    return [row.name for row in resumed]


def resume_due(session: Session) -> int:
    """Resume the numbers whose restriction ended at the provider's stated time. Returns how many.

    Needs a system transaction.
    """
    over = session.execute(
        select(Channel.id, Channel.business_id)
        .where(
            Channel.state == ChannelState.PAUSED,
            Channel.paused_for == FOR_ACCOUNT,
            Channel.paused_until <= func.now(),
        )
        .order_by(Channel.id)
        .with_for_update(skip_locked=True)
    ).all()
    for channel_id, business_id in over:
        with in_business(session, Scope(business_id, PROVIDER)):
            set_state(session, channel_id, ChannelState.ACTIVE)
        log.info("restriction_over", channel_id=channel_id)
    return len(over)


def _numbers(session: Session, channel_id: int, account: str) -> Sequence[Channel]:
    own = Channel.id == channel_id
    same = or_(own, Channel.account == account) if account else own
    provider = select(Channel.provider).where(own).scalar_subquery()
    query = select(Channel).where(Channel.business_id == business_of(session), Channel.provider == provider, same)
    return session.scalars(query.order_by(Channel.id)).all()
