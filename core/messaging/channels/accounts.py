"""A business's channels: the account each speaks through, cached for a moment because every send needs it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from core.channels.registry import open_channel
from core.channels.types import Account, Channel, Kind, Provider
from core.models import Channel as ChannelRow
from core.platform.config import get_settings
from core.platform.db import system_transaction
from core.platform.errors import NotFound

_FRESH_SECONDS = 15.0
_cache: dict[int, tuple[float, Account]] = {}
_lock = threading.Lock()

TWILIO_STATUS_PATH = "/api/webhooks/twilio/status"


def channel(channel_id: int) -> Channel:
    """The channel, ready to send. A changed credential is seen within 15 seconds. Raises `NotFound`."""
    return open_channel(account(channel_id), read_timeout=get_settings().send_timeout_seconds)


def account(channel_id: int) -> Account:
    """The account behind a channel. Raises `NotFound`."""
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
    """The account behind one of the business's channels. Raises `NotFound`."""
    row = session.get(ChannelRow, channel_id)
    if row is None:
        raise NotFound(f"No channel {channel_id}.")
    return account_of(row)


def account_of(row: ChannelRow) -> Account:
    """What a channel's row means for the provider's code. The API's address is a setting of the installation."""
    settings = get_settings()
    meta = row.provider == Provider.WHATSAPP_CLOUD
    part = "waba_id" if meta else "account_sid"  # a channel may have been stored without it among its credentials
    return Account(
        provider=Provider(row.provider),
        kind=Kind(row.kind),
        identity=row.identity,
        credentials=({part: row.account} if row.account else {}) | row.credentials,
        api_url=settings.whatsapp_api_url if meta else settings.twilio_api_url,
        api_version=settings.whatsapp_api_version if meta else "",
        callback_url="" if meta else settings.callback_base + TWILIO_STATUS_PATH,
        files_url="" if meta else settings.files_base,
    )


@dataclass(frozen=True, slots=True)
class ChannelName:
    """A channel as people know it."""

    id: int
    name: str


def channel_names(session: Session) -> list[ChannelName]:
    """The business's channels, oldest first."""
    return [
        ChannelName(*row) for row in session.execute(select(ChannelRow.id, ChannelRow.name).order_by(ChannelRow.id))
    ]


def forget() -> None:
    """Drop what is cached."""
    with _lock:
        _cache.clear()


_ASK_AGAIN = "15 minutes"


def ask_again(session: Session, business_id: int, account: str, channel_id: int) -> None:
    """The provider has news of these numbers: `probe_due` asks about them at its next round."""
    session.execute(
        update(ChannelRow)
        .where(
            ChannelRow.business_id == business_id,
            or_(ChannelRow.id == channel_id, (ChannelRow.account == account) & (ChannelRow.account != "")),
        )
        .values(asked_at=ChannelRow.asked_at - text(f"interval '{_ASK_AGAIN}'"))
        .execution_options(synchronize_session=False)
    )
