"""The secrets that verify webhooks: those of the settings and those of every enabled channel.

They are reloaded every few seconds while requests come, so that a new secret works and a replaced one stops working
within that time; an invalid signature triggers a reload after one second.
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

from core.channels.registry import PROVIDERS
from core.messaging.channels.signing import SETTINGS, signing_secrets
from core.models import Channel, ChannelState
from core.platform.config import Settings
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)
_MAX_AGE_SECONDS = 3.0

Owners = Mapping[str, tuple[int, ...]]  # channel ids by secret (`SETTINGS` stands for the settings)


@dataclass(frozen=True, slots=True)
class Secrets:
    """All secrets by provider, and Meta's verify tokens."""

    meta: Owners
    twilio: Owners
    verify_tokens: Owners


class SigningSecrets:
    """A cache of the secrets; thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._from_settings = {
            "whatsapp_cloud": tuple(settings.whatsapp_app_secret),
            "twilio": tuple(filter(None, [settings.twilio_auth_token])),
        }
        self._verify_tokens = tuple(filter(None, [settings.whatsapp_webhook_verify_token]))
        self._lock = threading.Lock()
        self._loaded_at = float("-inf")
        self.current = self._build([])

    def verify_with(self, kind: Callable[[Secrets], Owners], matches: Callable[[str], bool]) -> tuple[int, ...] | None:
        """Return the channels whose secret matches, None if none does; reloads the secrets before giving up."""
        self._refresh(_MAX_AGE_SECONDS)
        found = _first(kind(self.current), matches)
        if found is None and self._refresh(_MAX_AGE_SECONDS / 3):
            found = _first(kind(self.current), matches)
        return found

    def _refresh(self, older_than: float) -> bool:
        """Reload the secrets if they are older. Keeps the loaded ones while the database is away."""
        with self._lock:
            if time.monotonic() - self._loaded_at < older_than:
                return False
            self._loaded_at = time.monotonic()
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
        self.current = self._build([(row.id, row.provider, row.credentials) for row in rows])
        return True

    def _build(self, channels: list[tuple[int, str, dict[str, str]]]) -> Secrets:
        signing: dict[str, dict[str, list[int]]] = {provider: defaultdict(list) for provider in PROVIDERS}
        tokens: dict[str, list[int]] = defaultdict(list)
        for provider, own in self._from_settings.items():
            for secret in own:
                signing[provider][secret].append(SETTINGS)
        for token in self._verify_tokens:
            tokens[token].append(SETTINGS)
        for channel_id, name, credentials in channels:
            for secret in signing_secrets(name, credentials):
                signing[name][secret].append(channel_id)
            if credentials.get("verify_token"):
                tokens[credentials["verify_token"]].append(channel_id)
        return Secrets(_frozen(signing["whatsapp_cloud"]), _frozen(signing["twilio"]), _frozen(tokens))


def _first(owners: Owners, matches: Callable[[str], bool]) -> tuple[int, ...] | None:
    return next((channels for secret, channels in owners.items() if matches(secret)), None)


def _frozen(owners: Mapping[str, list[int]]) -> Owners:
    return {secret: tuple(channels) for secret, channels in owners.items()}
