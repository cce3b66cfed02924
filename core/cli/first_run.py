"""First start: create the business, its channels and its bot from the settings. Idempotent."""

from __future__ import annotations

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.bots import versions
from core.bots.settings import BotSettings
from core.channels.provider import ChannelSpec
from core.channels.registry import configured
from core.messaging.channels import admin
from core.messaging.outbound.rate_limit import ensure_flow, resume_number
from core.models import Bot, Business, Channel, ChannelState
from core.platform import db
from core.platform.config import Settings
from core.platform.config_rules import PUBLISHED

_SETUP_LOCK = 4_207_003
_FOR_SANDBOX = "sandbox"


def ensure_business(
    session: Session,
    settings: Settings,
    *,
    name: str,
    profile: dict[str, object],
    bot: BotSettings,
    time_zone: str = "UTC",
) -> int:
    """Create the business if there is none, and its channels from the settings. Returns the business's id.

    Changed credentials are applied; values set in the console are kept.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SETUP_LOCK})
    business_id = session.scalar(select(Business.id).order_by(Business.id).limit(1))
    if business_id is None:
        business_id = session.execute(
            insert(Business).values(name=name, profile=profile, timezone=time_zone).returning(Business.id)
        ).scalar_one()
        bot_id = session.execute(
            insert(Bot).values(business_id=business_id, name=bot.name).returning(Bot.id)
        ).scalar_one()
        versions.save(session, bot_id, bot, author="system", note="first start")
    bot_id = session.scalars(select(Bot.id).where(Bot.business_id == business_id).order_by(Bot.id).limit(1)).one()
    for spec in configured(settings):
        ensure_channel(session, business_id, spec, bot_id)
    _switch_sandbox_channels(session, active=settings.sandbox_active)
    return business_id


def _switch_sandbox_channels(session: Session, *, active: bool) -> None:
    """Disable the channels of the sandbox while it is off: there is nobody behind them to probe or to send to.

    They are enabled when it is back, unless a person has changed their state.
    """
    if active:
        found = session.scalars(select(Channel).where(Channel.paused_for == _FOR_SANDBOX)).all()
    else:
        enabled = session.scalars(select(Channel).where(Channel.state != ChannelState.DISABLED)).all()
        found = [row for row in enabled if PUBLISHED.intersection(row.credentials.values())]
    for row in found:
        db.enter_business(session, row.business_id)
        if active:
            admin.set_state(session, row.id, ChannelState.ACTIVE)
        else:
            admin.set_state(session, row.id, ChannelState.DISABLED, "The sandbox is off.", paused_for=_FOR_SANDBOX)
        db.leave_business(session)


def ensure_channel(session: Session, business_id: int, spec: ChannelSpec, bot_id: int | None) -> int:
    """Create a channel or update its credentials. Returns its id."""
    channel_id = session.execute(
        pg_insert(Channel)
        .values(
            business_id=business_id,
            bot_id=bot_id,
            provider=spec.provider,
            kind=spec.kind,
            identity=spec.identity,
            account=spec.account,
            name=spec.name,
            credentials=spec.credentials,
        )
        .on_conflict_do_nothing()
        .returning(Channel.id)
    ).scalar_one_or_none()
    if channel_id is None:
        before = session.scalar(
            select(Channel.credentials).where(
                Channel.provider == spec.provider, Channel.kind == spec.kind, Channel.identity == spec.identity
            )
        )
        channel_id = session.execute(
            update(Channel)
            .where(Channel.provider == spec.provider, Channel.kind == spec.kind, Channel.identity == spec.identity)
            .values(credentials=spec.credentials, account=spec.account)
            .returning(Channel.id)
            .execution_options(synchronize_session=False)
        ).scalar_one()
        if before != spec.credentials:
            resume_number(session, channel_id)
    ensure_flow(session, channel_id)
    return channel_id
