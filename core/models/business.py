"""Businesses, channels, and bots with versioned settings."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from core.channels.types import Kind
from core.models.base import Base, Id, Json, Stamp, Tenant, one_of
from core.platform.crypto import EncryptedJSON


class Sees(StrEnum):
    """Which conversations agents see (`core.accounts.visibility`)."""

    ALL = "all"
    TEAM = "team"
    OWN = "own"


class Business(Base):
    """A tenant. `profile` holds the public facts: sector, hours, phone, website, tags, satisfaction.

    `catalog_version` changes with the product catalogue, for cache invalidation; null if there never was a product.
    `prices` are the prices it has set (`core.bots.price_table`).
    `auto_assign` and `max_open` are the rules of automatic assignment (`core.conversations.assignment`).
    `agents_see` is which conversations agents see (`core.accounts.visibility`).
    """

    __tablename__ = "businesses"
    __table_args__ = (one_of("agents_see", Sees), CheckConstraint("max_open BETWEEN 1 AND 500", name="max_open"))

    id: Mapped[Id]
    name: Mapped[str]
    profile: Mapped[Json]
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    currency: Mapped[str] = mapped_column(server_default="USD")
    catalog_version: Mapped[uuid.UUID | None]
    prices: Mapped[Json]
    auto_assign: Mapped[bool] = mapped_column(server_default=true())
    max_open: Mapped[int] = mapped_column(Integer, server_default="10")
    agents_see: Mapped[str] = mapped_column(server_default=Sees.ALL)
    created_at: Mapped[Stamp]


class ChannelState(StrEnum):
    """State of a channel."""

    ACTIVE = "active"
    PAUSED = "paused"  # the provider blocked or limited the number: nothing is sent until it is resumed
    DISABLED = "disabled"


class Channel(Tenant, Base):
    """One address of ours at one provider (`core.channels.registry`). `identity` is the provider's name of it.

    Hand-offs go to the team `team_id`, if set.
    `paused_for` is "account" if an account event paused it: it resumes at `paused_until`, if the provider gave a time,
    or on the event that lifts the restriction. It is "sandbox" if a start without the sandbox disabled it.
    `last_probe` is the result of the last probe, at `last_probe_at` (`core.channels.provider.ProbeResult` as JSON).
    """

    __tablename__ = "channels"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("state", ChannelState),
        UniqueConstraint("provider", "kind", "identity"),
    )

    id: Mapped[Id]
    bot_id: Mapped[int | None] = mapped_column(ForeignKey("bots.id", ondelete="SET NULL"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str]
    provider: Mapped[str]
    identity: Mapped[str]
    account: Mapped[str] = mapped_column(server_default="")  # the provider's id of an account with several channels
    name: Mapped[str]
    credentials: Mapped[dict[str, str]] = mapped_column(EncryptedJSON)
    settings: Mapped[Json]
    state: Mapped[str] = mapped_column(server_default=ChannelState.ACTIVE)
    state_reason: Mapped[str | None]
    paused_for: Mapped[str | None]
    paused_until: Mapped[datetime | None]
    templates_synced_at: Mapped[datetime | None]  # null: the provider reported a change
    last_probe_at: Mapped[datetime | None]
    last_probe: Mapped[Json]
    created_at: Mapped[Stamp]


class ChannelLimit(Tenant, Base):
    """Rate limit and circuit breaker of a channel, in a table of its own because every send updates it.

    `next_slot_at` is the theoretical arrival time of the next message (generic cell rate algorithm). While
    `open_until` is in the future nothing is claimed; after it, the worker that moves `probe_until` sends one probe.
    Until `answers_only_until` only answers within an open window are claimed.
    """

    __tablename__ = "channel_limits"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    next_slot_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    open_until: Mapped[datetime | None]
    probe_until: Mapped[datetime | None]
    answers_only_until: Mapped[datetime | None]


class Bot(Tenant, Base):
    """A bot. The latest version in `bot_versions` applies."""

    __tablename__ = "bots"

    id: Mapped[Id]
    name: Mapped[str]
    created_at: Mapped[Stamp]


class BotVersion(Tenant, Base):
    """An immutable version of a bot's settings (`core.bots.settings.BotSettings` as JSON)."""

    __tablename__ = "bot_versions"
    __table_args__ = (UniqueConstraint("bot_id", "version"),)

    id: Mapped[Id]
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer)
    data: Mapped[dict[str, Any]]
    author: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Stamp]
