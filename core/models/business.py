"""A business, its channels, and its bots with their versioned settings."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from core.channels.types import Kind, Provider
from core.models.base import Base, Id, Json, Stamp, Tenant, one_of
from core.platform.crypto import EncryptedJSON


class Sees(StrEnum):
    """Which conversations agents see (`core.accounts.visibility`)."""

    ALL = "all"
    TEAM = "team"
    OWN = "own"


class Business(Base):
    """A tenant. `profile` holds the facts the bot may tell: sector, hours, phone, website, tags, satisfaction.

    `catalogue` is another one whenever a product changes, so that readers can keep what they read; null: there never
    was a product.
    `prices` is what it has set of them (`core.bots.price_table`).
    `auto_assign` and `most_open` say who gets what the bot hands over (`core.conversations.assignment`).
    `agents_see` says which conversations agents see (`core.accounts.visibility`).
    """

    __tablename__ = "businesses"
    __table_args__ = (one_of("agents_see", Sees), CheckConstraint("most_open BETWEEN 1 AND 500", name="most_open"))

    id: Mapped[Id]
    name: Mapped[str]
    profile: Mapped[Json]
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    currency: Mapped[str] = mapped_column(server_default="USD")
    catalogue: Mapped[uuid.UUID | None]
    prices: Mapped[Json]
    auto_assign: Mapped[bool] = mapped_column(server_default=true())
    most_open: Mapped[int] = mapped_column(Integer, server_default="10")
    agents_see: Mapped[str] = mapped_column(server_default=Sees.ALL)
    created_at: Mapped[Stamp]


class ChannelState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # the provider blocked or limited the number: nothing is sent until someone resumes it
    DISABLED = "disabled"


class Channel(Tenant, Base):
    """One number at one provider. `identity` is Meta's phone_number_id, or the Twilio number.

    What is handed over here goes to the team `team_id`, if there is one.
    `paused_for` is "account" where news of the account paused it: the scheduler resumes it at `paused_until`, if the
    provider gave one, and so does the news that it is lifted.
    `told` is what the provider said when it was last asked, at `asked_at` (`core.monitoring.probes.Answer` as JSON).
    """

    __tablename__ = "channels"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("provider", Provider),
        one_of("state", ChannelState),
        UniqueConstraint("provider", "kind", "identity"),
    )

    id: Mapped[Id]
    bot_id: Mapped[int | None] = mapped_column(ForeignKey("bots.id", ondelete="SET NULL"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    kind: Mapped[str]
    provider: Mapped[str]
    identity: Mapped[str]
    account: Mapped[str] = mapped_column(server_default="")  # WABA id, or Twilio account SID
    name: Mapped[str]
    credentials: Mapped[dict[str, str]] = mapped_column(EncryptedJSON)
    settings: Mapped[Json]
    state: Mapped[str] = mapped_column(server_default=ChannelState.ACTIVE)
    state_reason: Mapped[str | None]
    paused_for: Mapped[str | None]
    paused_until: Mapped[datetime | None]
    templates_asked_at: Mapped[datetime | None]  # null: the provider says that they changed
    asked_at: Mapped[datetime | None]
    told: Mapped[Json]
    created_at: Mapped[Stamp]


class ChannelFlow(Tenant, Base):
    """A number's rate limit and circuit breaker, beside the channel because every send touches it.

    `next_slot_at` is the theoretical arrival time of the next message (generic cell rate algorithm). While
    `open_until` is in the future nothing is claimed; after it, whoever moves `probe_until` sends one probe. Until
    `answers_only_until` only answers within an open window are claimed.
    """

    __tablename__ = "channel_flow"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    next_slot_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    open_until: Mapped[datetime | None]
    probe_until: Mapped[datetime | None]
    answers_only_until: Mapped[datetime | None]


class Bot(Tenant, Base):
    """A bot. Its behaviour is the newest version in `bot_settings`."""

    __tablename__ = "bots"

    id: Mapped[Id]
    name: Mapped[str]
    created_at: Mapped[Stamp]


class BotVersion(Tenant, Base):
    """One saved version of a bot's settings (`core.bots.settings.BotSettings` as JSON). Never changed, only
    followed.
    """

    __tablename__ = "bot_settings"
    __table_args__ = (UniqueConstraint("bot_id", "version"),)

    id: Mapped[Id]
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    version: Mapped[int]
    data: Mapped[dict[str, Any]]
    author: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Stamp]
