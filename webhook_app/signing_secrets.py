"""The secrets that verify webhooks: those of the settings and those of every enabled channel.

They are reloaded every few seconds while requests come, so that a new secret works and a replaced one stops working
within that time; an invalid signature triggers a reload after one second.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from sqlalchemy import LargeBinary, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError

from core.channels.registry import PROVIDERS
from core.messaging.channels.signing import SETTINGS, signing_secrets
from core.models import Channel, ChannelState
from core.platform.config import Settings
from core.platform.config_rules import PUBLISHED
from core.platform.crypto import decrypt_dictionary
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)
_MAX_AGE_SECONDS = 3.0

Owners = Mapping[str, tuple[int, ...]]  # channel ids by secret (`SETTINGS` stands for the settings)


@dataclass(frozen=True, slots=True)
class Secrets:
    """By provider: the secrets that sign webhooks, and the tokens that prove a challenge."""

    signing: Mapping[str, Owners]
    challenges: Mapping[str, Owners]


class Match(NamedTuple):
    """A secret that matched, and the channels whose secret it is."""

    secret: str
    channels: tuple[int, ...]


class SigningSecrets:
    """A cache of the secrets; thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._from_settings = [
            (SETTINGS, name, provider.settings_credentials(settings)) for name, provider in PROVIDERS.items()
        ]
        # A database that the sandbox began keeps its channels, whose secrets everybody knows.
        self._refused = frozenset() if settings.sandbox_active else PUBLISHED
        self._loading = threading.Lock()
        self._loaded_at = float("-inf")
        self.current = self._build([])

    def verify_with(self, kind: Callable[[Secrets], Owners], matches: Callable[[str], bool]) -> Match | None:
        """Return the secret that matches, None if none does; reloads the secrets before giving up."""
        self._refresh(_MAX_AGE_SECONDS)
        tried = self.current
        found = _first(kind(tried), matches)
        if found is None and self._refresh(_MAX_AGE_SECONDS / 3, wait=True) is not tried:
            found = _first(kind(self.current), matches)
        return found

    def _refresh(self, older_than: float, *, wait: bool = False) -> Secrets:
        """Reload the secrets if they are older, and return them. Keeps the loaded ones while the database is away.

        Of several threads one reloads; `wait` for it, or go on with the secrets as they are.
        """
        if time.monotonic() - self._loaded_at < older_than and not self._loading.locked():
            return self.current
        if self._loading.acquire(blocking=wait):
            try:
                if time.monotonic() - self._loaded_at >= older_than:
                    self._load()
            finally:
                self._loading.release()
        return self.current

    def _load(self) -> None:
        try:
            with system_transaction() as session:
                rows = session.execute(
                    select(Channel.id, Channel.provider, type_coerce(Channel.credentials, LargeBinary).label("stored"))
                    .where(Channel.state != ChannelState.DISABLED)
                    .order_by(Channel.id)
                ).all()
        except SQLAlchemyError as error:
            log.warning("secrets_not_read", error=type(error).__name__)
        else:
            self.current = self._build(
                [(row.id, row.provider, known) for row in rows if (known := _decrypted(row.id, row.stored)) is not None]
            )
        self._loaded_at = time.monotonic()

    def _build(self, channels: Sequence[tuple[int, str, Mapping[str, str]]]) -> Secrets:
        signing: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in PROVIDERS}
        challenges: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in PROVIDERS}
        for owner, name, credentials in [*self._from_settings, *channels]:
            for secret in signing_secrets(name, credentials):
                if secret not in self._refused:
                    signing[name][secret].append(owner)
            challenge = PROVIDERS[name].challenge
            token = credentials.get(challenge.credential) if challenge else None
            if token and token not in self._refused:
                challenges[name][token].append(owner)
        return Secrets(_frozen(signing), _frozen(challenges))


def _decrypted(channel_id: int, stored: bytes) -> dict[str, str] | None:
    """Return a channel's credentials; None, with a line in the log, if this process has not the key they need."""
    known = decrypt_dictionary(stored)
    if known is None:
        log.error("credentials_not_decrypted", channel_id=channel_id)
    return known


def _first(owners: Owners, matches: Callable[[str], bool]) -> Match | None:
    return next((Match(secret, channels) for secret, channels in owners.items() if matches(secret)), None)


def _frozen(by_provider: Mapping[str, Mapping[str, list[int]]]) -> dict[str, Owners]:
    return {
        name: {secret: tuple(channels) for secret, channels in owners.items()} for name, owners in by_provider.items()
    }
