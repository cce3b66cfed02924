"""Versions of a bot's settings: save without overwriting another person's, compare, restore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots import versions
from core.bots.settings import BotSettings
from core.models import Agent, Bot, BotVersion, Channel
from core.platform.errors import Conflict, NotFound

LONGEST_NOTE = 200


class Overtaken(Conflict):
    """A newer version was saved meanwhile. `newest` is its number."""

    def __init__(self, newest: int) -> None:
        text = f"Somebody saved version {newest} meanwhile: compare it with yours before you save."
        super().__init__("overtaken", text)
        self.newest = newest


@dataclass(frozen=True, slots=True)
class BotOverview:
    """A bot and the names of the channels that it answers on."""

    id: int
    name: str
    channels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Version:
    """`author` is a person's name, or the program that saved it ("system:setup")."""

    number: int
    author: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that differs between two versions, as its JSON value."""

    field: str
    before: Any
    after: Any


def overview(session: Session) -> Sequence[BotOverview]:
    """Return the bots of the business, oldest first."""
    names: dict[int | None, list[str]] = {}
    for bot_id, name in session.execute(select(Channel.bot_id, Channel.name).order_by(Channel.id)):
        names.setdefault(bot_id, []).append(name)
    rows = session.execute(select(Bot.id, Bot.name).order_by(Bot.id))
    return [BotOverview(row.id, row.name, names.get(row.id, [])) for row in rows]


def history(session: Session, bot_id: int, limit: int = 50) -> Sequence[Version]:
    """Return the versions, newest first."""
    rows = session.execute(
        select(BotVersion.version, func.coalesce(Agent.name, BotVersion.author), BotVersion.note, BotVersion.created_at)
        .outerjoin(Agent, BotVersion.author == func.concat("agent:", Agent.id))
        .where(BotVersion.bot_id == bot_id)
        .order_by(BotVersion.version.desc())
        .limit(limit)
    )
    return [Version(*row) for row in rows]


def read(session: Session, bot_id: int, number: int) -> BotSettings:
    """Return one version's settings. Raises `NotFound`."""
    data = session.scalar(select(BotVersion.data).where(BotVersion.bot_id == bot_id, BotVersion.version == number))
    if data is None:
        raise NotFound(f"Bot {bot_id} has no version {number}.")
    return BotSettings.model_validate(data)


def save(session: Session, bot_id: int, settings: BotSettings, *, based_on: int, note: str) -> int:
    """Add a version after the one that was edited. Return its number.

    Raises:
        NotFound: there is no such bot.
        Overtaken: another version was saved since.
    """
    bot = session.scalars(select(Bot).where(Bot.id == bot_id).with_for_update()).one_or_none()
    if bot is None:
        raise NotFound(f"No bot {bot_id}.")
    newest, before = versions.current(session, bot_id)
    if newest != based_on:
        raise Overtaken(newest)
    bot.name = settings.name
    number = versions.save(session, bot_id, settings, note=" ".join(note.split())[:LONGEST_NOTE])
    fields = [change.field for change in changes(before, settings)]
    audit_log.record(session, "bot.save", f"bot:{bot_id}", version=number, fields=fields)
    return number


def changes(before: BotSettings, after: BotSettings) -> list[Change]:
    """Return what differs, setting by setting, in the order of the settings."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return [Change(field, old[field], new[field]) for field in new if old[field] != new[field]]
