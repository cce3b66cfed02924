"""The secrets that webhooks are verified with: those of the settings and those of every channel.

They are read when the process starts and again, at most every few seconds, when a signature does not fit, so that a new
channel or a rotated secret works at once and no request waits for the database otherwise.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core.channels.base import Provider
from core.config import Settings
from core.db import system_transaction
from core.models import Channel

log = structlog.get_logger(__name__)
_FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Secrets:
    meta: tuple[str, ...]
    twilio: tuple[str, ...]
    verify_tokens: tuple[str, ...]


class SecretRing:
    def __init__(self, settings: Settings) -> None:
        self._own = Secrets(
            tuple(settings.whatsapp_app_secret),
            tuple(filter(None, [settings.twilio_auth_token])),
            tuple(filter(None, [settings.whatsapp_webhook_verify_token])),
        )
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self.current = self._own

    def fits(self, verify: Callable[[Secrets], bool]) -> bool:
        """Whether `verify` accepts the known secrets, looking for new ones before it is given up."""
        return verify(self.current) or (self._refresh() and verify(self.current))

    def _refresh(self) -> bool:
        with self._lock:
            if time.monotonic() - self._read_at < _FRESH_SECONDS:
                return False
            self._read_at = time.monotonic()
        try:
            with system_transaction() as session:
                rows = session.execute(select(Channel.provider, Channel.credentials)).all()
        except SQLAlchemyError as error:
            log.warning("secrets_not_read", error=type(error).__name__)
            return False
        self.current = Secrets(
            _merge(self._own.meta, [c.get("app_secret") for p, c in rows if p == Provider.WHATSAPP_CLOUD]),
            _merge(self._own.twilio, [c.get("auth_token") for p, c in rows if p == Provider.TWILIO]),
            _merge(self._own.verify_tokens, [c.get("verify_token") for _, c in rows]),
        )
        return True


def _merge(own: tuple[str, ...], more: list[str | None]) -> tuple[str, ...]:
    split = [secret.strip() for value in more if value for secret in value.split(",")]
    return tuple(dict.fromkeys([*own, *filter(None, split)]))
