"""The providers, and their open channels."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

from core.channels.http import READ_SECONDS
from core.channels.mailbox.provider import MailboxProvider
from core.channels.provider import ChannelSpec, Limits, Provider
from core.channels.twilio.provider import TwilioProvider
from core.channels.types import Account, Channel, Kind, Parsed
from core.channels.webhook import EventBody
from core.channels.whatsapp_cloud.provider import WhatsAppCloudProvider
from core.platform.config import Settings

PROVIDERS: dict[str, Provider] = {
    one.name: one
    for one in (
        WhatsAppCloudProvider(),
        TwilioProvider(),
        MailboxProvider(),
    )
}

_channels: dict[tuple[str, str, str, float], tuple[Account, Channel]] = {}
_lock = threading.Lock()


def open_channel(account: Account, *, read_timeout: float = READ_SECONDS) -> Channel:
    """Return the account's channel, reusing its connections until the account changes (a new token, another URL)."""
    key = (account.provider, account.kind, account.identity, read_timeout)
    with _lock:
        kept = _channels.get(key)
        if kept is None or kept[0] != account:
            opened = PROVIDERS[account.provider].open(account, read_timeout=read_timeout)
            kept = _channels[key] = (account, opened)
    return kept[1]


def configured(settings: Settings) -> list[ChannelSpec]:
    """Return the channels that the installation's settings describe."""
    return [spec for provider in PROVIDERS.values() for spec in provider.configured(settings)]


def limits(provider: str, kind: str) -> Limits:
    """Return a provider's limits for a kind."""
    return PROVIDERS[provider].kinds[Kind(kind)]


class UnknownSource(LookupError):
    """A stored event is of no registered provider, such as one that was removed."""

    def __init__(self, source: str) -> None:
        super().__init__(f"no provider here has events of the source {source}")


def provider_of(source: str) -> Provider:
    """Return the provider of a stored event. Raises `UnknownSource`."""
    for provider in PROVIDERS.values():
        if source in provider.sources:
            return provider
    raise UnknownSource(source)


def parse_event(source: str, event: EventBody) -> Iterator[Parsed]:
    """Parse a stored event. Raises `UnknownSource`, and `ValueError` for an unreadable body."""
    return provider_of(source).sources[source](event)


def _forget() -> None:
    """Drop cached channels after a fork: sockets and locks of the parent must not be shared."""
    global _lock
    _lock = threading.Lock()
    _channels.clear()


os.register_at_fork(after_in_child=_forget)
