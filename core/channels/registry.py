"""Select the provider's channel implementation and webhook parser."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import datetime

from core.channels.http import READ_SECONDS
from core.channels.twilio.channel import Twilio
from core.channels.twilio.webhooks import parse_inbound, parse_status
from core.channels.types import Account, Channel, Parsed, Provider
from core.channels.whatsapp_cloud.channel import WhatsAppCloud
from core.channels.whatsapp_cloud.webhooks.body import parse

_channels: dict[tuple[str, str, str, float], tuple[Account, Channel]] = {}
_lock = threading.Lock()


def open_channel(account: Account, *, read_timeout: float = READ_SECONDS) -> Channel:
    """Return the account's channel, reusing its connections until the account changes (a new token, another URL)."""
    key = (account.provider, account.kind, account.identity, read_timeout)
    with _lock:
        kept = _channels.get(key)
        if kept is None or kept[0] != account:
            kept = _channels[key] = (account, _make(account, read_timeout))
    return kept[1]


def _make(account: Account, read_timeout: float) -> Channel:
    match account.provider:
        case Provider.WHATSAPP_CLOUD:
            return WhatsAppCloud(account, read_timeout=read_timeout)
        case Provider.TWILIO:
            return Twilio(account, read_timeout=read_timeout)


def parse_event(source: str, body: bytes, content_type: str, query: str, received_at: datetime) -> Iterator[Parsed]:
    """Parse a stored webhook. Raises ValueError for an unknown source, or a body of Meta's that is not JSON."""
    match source:
        case "whatsapp_cloud":
            return parse(body, received_at)
        case "twilio_inbound":
            return parse_inbound(body, content_type, received_at)
        case "twilio_status":
            return parse_status(body, content_type, query, received_at)
    raise ValueError(f"no provider sends events of source {source!r}")


def _forget() -> None:
    """Drop cached channels after a fork: sockets and locks of the parent must not be shared."""
    global _lock
    _lock = threading.Lock()
    _channels.clear()


os.register_at_fork(after_in_child=_forget)
