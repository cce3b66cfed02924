"""The secrets that webhooks are verified with: those of the settings and those of every channel in use.

They are read every few seconds while requests come, so that a new channel's secret works and a replaced one stops
working within that time; a signature that does not fit has them read a second later at the earliest.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core.channels.types import Provider
from core.messaging.channels.signing import SETTINGS, signing_secrets
from core.models import Channel, ChannelState
from core.platform.config import Settings
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)
_FRESH_SECONDS = 3.0

Owners = Mapping[str, tuple[int, ...]]  # a secret, and the channels it belongs to (`SETTINGS`: those of the settings)


@dataclass(frozen=True, slots=True)
class Secrets:
    meta: Owners
    twilio: Owners
    verify_tokens: Owners


class SigningSecrets:
    def __init__(self, settings: Settings) -> None:
        self._own = {
            Provider.WHATSAPP_CLOUD: tuple(settings.whatsapp_app_secret),
            Provider.TWILIO: tuple(filter(None, [settings.twilio_auth_token])),
        }
        self._verify_tokens = tuple(filter(None, [settings.whatsapp_webhook_verify_token]))
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self.current = self._made([])

    def owners(self, kept: Callable[[Secrets], Owners], fits: Callable[[str], bool]) -> tuple[int, ...] | None:
        """The channels whose secret fits, looking for new secrets before it is given up; None if none does."""
        self._refresh(_FRESH_SECONDS)
        found = _first(kept(self.current), fits)
        if found is None and self._refresh(_FRESH_SECONDS / 3):
            found = _first(kept(self.current), fits)
        return found

    def _refresh(self, older_than: float) -> bool:
        """Read the secrets again, unless that was done lately. What was read stays while the database is away."""
        with self._lock:
            if time.monotonic() - self._read_at < older_than:
                return False
            self._read_at = time.monotonic()
        try:
            with system_transaction() as session:
                rows = session.execute(
                    select(Channel.id, Channel.provider, Channel.credentials)
                    .where(Channel.state != ChannelState.DISABLED)
                    .order_by(Channel.id)
                ).all()
        except SQLAlchemyError as error:
            log.warning("secrets_not_read", error=type(error).__name__)
            return False
        self.current = self._made([(row.id, row.provider, row.credentials) for row in rows])
        return True

    def _made(self, channels: list[tuple[int, str, dict[str, str]]]) -> Secrets:
        signing: dict[str, dict[str, list[int]]] = {provider: defaultdict(list) for provider in Provider}
        tokens: dict[str, list[int]] = defaultdict(list)
        for provider, own in self._own.items():
            for secret in own:
                signing[provider][secret].append(SETTINGS)
        for token in self._verify_tokens:
            tokens[token].append(SETTINGS)
        for channel_id, name, credentials in channels:
            for secret in signing_secrets(name, credentials):
                signing[name][secret].append(channel_id)
            if credentials.get("verify_token"):
                tokens[credentials["verify_token"]].append(channel_id)
        return Secrets(_fixed(signing[Provider.WHATSAPP_CLOUD]), _fixed(signing[Provider.TWILIO]), _fixed(tokens))


def _first(owners: Owners, fits: Callable[[str], bool]) -> tuple[int, ...] | None:
    return next((channels for secret, channels in owners.items() if fits(secret)), None)


def _fixed(owners: Mapping[str, list[int]]) -> Owners:
    return {secret: tuple(channels) for secret, channels in owners.items()}
