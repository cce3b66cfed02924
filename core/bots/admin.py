"""Manage several bots: create one, and assign bots to channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots import versions
from core.bots.settings import BotSettings
from core.models import Bot, Channel
from core.platform.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Served:
    """A channel and the bot that answers on it, None if people do."""

    id: int
    name: str
    identity: str
    bot_id: int | None


def served(session: Session) -> Sequence[Served]:
    """Return the channels of the business, oldest first."""
    rows = session.execute(select(Channel.id, Channel.name, Channel.identity, Channel.bot_id).order_by(Channel.id))
    return [Served(*row) for row in rows]


def create(session: Session, settings: BotSettings, *, copied_from: int | None) -> int:
    """Create a bot that answers on no channel yet. Return its id."""
    bot_id = session.execute(insert(Bot).values(name=settings.name).returning(Bot.id)).scalar_one()
    versions.save(session, bot_id, settings)
    audit_log.record(session, "bot.create", f"bot:{bot_id}", name=settings.name, copied_from=copied_from)
    return bot_id


def assign(session: Session, channel_id: int, bot_id: int | None, *, seen: int | None) -> None:
    """Assign another bot, or none, to a channel from the next message on. `seen` is the one shown to the user before.

    Raises:
        NotFound: the business has no such channel or bot.
        Conflict: the channel has another bot than `seen`.
    """
    channel = session.scalars(select(Channel).where(Channel.id == channel_id).with_for_update()).one_or_none()
    if channel is None:
        raise NotFound(f"No channel {channel_id}.")
    if bot_id is not None and session.get(Bot, bot_id, with_for_update={"read": True, "key_share": True}) is None:
        raise NotFound(f"No bot {bot_id}.")
    if channel.bot_id != seen:
        raise Conflict("channel_reassigned", "Somebody changed who answers on this channel meanwhile.")
    session.execute(update(Channel).where(Channel.id == channel_id).values(bot_id=bot_id))
    audit_log.record(
        session, "channel.assign", f"channel:{channel_id}", name=channel.name, before=seen,
        after=bot_id,
    )  # fmt: skip
