"""First start: create the business, its channels and its bot from the settings. Idempotent."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import and_, insert, select, text, update
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
    known = session.scalar(select(Business.id).order_by(Business.id).limit(1))
    made = insert(Business).values(name=name, profile=profile, timezone=time_zone).returning(Business.id)
    business_id = known or session.execute(made).scalar_one()
    with db.in_business(session, business_id):
        if known is None:
            bot_id = session.execute(insert(Bot).values(name=bot.name).returning(Bot.id)).scalar_one()
            versions.save(session, bot_id, bot, note="first start")
        first_bot = session.scalars(select(Bot.id).order_by(Bot.id).limit(1)).one()
        for spec in configured(settings):
            ensure_channel(session, spec, first_bot)
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
        with db.in_business(session, row.business_id):
            if active:
                admin.set_state(session, row.id, ChannelState.ACTIVE)
            else:
                admin.set_state(session, row.id, ChannelState.DISABLED, "The sandbox is off.", paused_for=_FOR_SANDBOX)


def ensure_channel(session: Session, spec: ChannelSpec, bot_id: int | None) -> int:
    """Create a channel, or update the credentials of a known one, whichever business has it. Returns its id."""
    same = and_(Channel.provider == spec.provider, Channel.kind == spec.kind, Channel.identity == spec.identity)
    with db.across_businesses(session):
        channel_id = session.execute(
            pg_insert(Channel)
            .values(business_id=db.business_of(session), bot_id=bot_id, **asdict(spec))
            .on_conflict_do_nothing()
            .returning(Channel.id)
        ).scalar_one_or_none()
        if channel_id is None:
            before = session.scalar(select(Channel.credentials).where(same))
            changed = update(Channel).where(same).values(credentials=spec.credentials, account=spec.account)
            channel_id = session.execute(
                changed.returning(Channel.id).execution_options(synchronize_session=False)
            ).scalar_one()
            if before != spec.credentials:
                resume_number(session, channel_id)
    ensure_flow(session, channel_id)
    return channel_id
