"""A business's channels and their provider accounts, cached briefly because every send needs them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from core.channels.registry import PROVIDERS, open_channel
from core.channels.types import Account, Channel, Kind
from core.models import Channel as ChannelRow
from core.platform.config import get_settings
from core.platform.db import business_of, system_transaction
from core.platform.errors import NotFound

_FRESH_SECONDS = 15.0
_cache: dict[int, tuple[float, Account]] = {}
_lock = threading.Lock()


def channel(channel_id: int) -> Channel:
    """Return the channel, ready to send. A changed credential applies within 15 seconds. Raises `NotFound`."""
    return open_channel(account(channel_id), read_timeout=get_settings().send_timeout_seconds)


def account(channel_id: int) -> Account:
    """Return the account of a channel. Raises `NotFound`."""
    with _lock:
        cached = _cache.get(channel_id)
    if cached and time.monotonic() - cached[0] < _FRESH_SECONDS:
        return cached[1]
    with system_transaction() as session:
        row = session.scalars(select(ChannelRow).where(ChannelRow.id == channel_id)).one_or_none()
        if row is None:
            raise NotFound(f"No channel {channel_id}.")
        made = account_of(row)
    with _lock:
        _cache[channel_id] = (time.monotonic(), made)
    return made


def account_here(session: Session, channel_id: int) -> Account:
    """Return the account of one of the business's channels. Raises `NotFound`."""
    row = session.get(ChannelRow, channel_id)
    if row is None:
        raise NotFound(f"No channel {channel_id}.")
    return account_of(row)


def account_of(row: ChannelRow) -> Account:
    """Convert a channel's row to the provider's account."""
    provider = PROVIDERS[row.provider]
    field = provider.account_field
    credentials = row.credentials | ({field.name: row.account} if field and row.account else {})
    made = provider.account(get_settings(), Kind(row.kind), row.identity, credentials)
    return replace(made, added_at=row.created_at)


@dataclass(frozen=True, slots=True)
class ChannelName:
    """A channel's name for display."""

    id: int
    name: str


def channel_names(session: Session) -> list[ChannelName]:
    """Return the business's channels, oldest first."""
    return [
        ChannelName(*row) for row in session.execute(select(ChannelRow.id, ChannelRow.name).order_by(ChannelRow.id))
    ]


def forget() -> None:
    """Clear the cache."""
    with _lock:
        _cache.clear()


_ASK_AGAIN = "15 minutes"


def mark_stale(session: Session, account: str, channel_id: int) -> None:
    """Mark the account's numbers for a status refresh by the next run of `probe_due`."""
    session.execute(
        update(ChannelRow)
        .where(
            ChannelRow.business_id == business_of(session),
            or_(ChannelRow.id == channel_id, (ChannelRow.account == account) & (ChannelRow.account != "")),
        )
        .values(last_probe_at=ChannelRow.last_probe_at - text(f"interval '{_ASK_AGAIN}'"))
    )
