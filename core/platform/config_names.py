"""Warnings about names that look like a setting but are none: a typing error must not pass unnoticed."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dotenv import dotenv_values

from core.platform.config import Settings

# Read outside `Settings`, or obsolete.
_READ_ELSEWHERE = frozenset({
    "SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "SANDBOX_HOST", "SANDBOX_KEEP", "WEBHOOK_BASE_URL",
    "GUNICORN_WORKER_CLASS", "FORWARDED_ALLOW_IPS",
})  # fmt: skip
_NOT_YET = frozenset({
    "TRANSCRIPTION_MODEL", "TRANSCRIPTION_BASE_URL", "BROADCAST_DRIVER", "PUSHER_APP_ID",
    "PUSHER_APP_KEY", "PUSHER_APP_SECRET", "PUSHER_HOST", "PUSHER_PORT",
})  # fmt: skip
# Read by the model's client library.
_CLIENT_LIBRARY = frozenset({
    "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_LOG", "OPENAI_WEBHOOK_SECRET", "OPENAI_ADMIN_KEY",
    "OPENAI_ORGANIZATION", "OPENAI_CUSTOM_HEADERS",
})  # fmt: skip
_PREFIXES = (
    "WHATSAPP_", "TWILIO_", "BOTHUB_", "OPENAI_", "REPLY_", "RETRY_", "MAIL_", "IMAP_", "BROADCAST_", "PUSHER_",
    "NOTIFY_", "OIDC_", "TRANSCRIPTION_", "SANDBOX_", "UNCERTAIN_", "SWEEP_", "LEASE_", "ENCRYPTION_", "WEBHOOK_",
)  # fmt: skip
_NEAR = 0.86  # similarity from 0 to 1; about one wrong letter in a name of eight


def warnings(settings: Settings) -> list[str]:
    """Return a line for each unused name in the environment and `.env`, and for what will be missed later."""
    names = {name.upper() for name, value in _environment() if (value or "").strip()}
    found = [*_unknown(names), *_readable_by_all()]
    if settings.whatsapp_access_token and not settings.whatsapp_webhook_verify_token:
        found.append("WHATSAPP_WEBHOOK_VERIFY_TOKEN is not set: Meta's webhook form cannot be confirmed without it.")
    if settings.whatsapp_access_token and not settings.whatsapp_business_account_id:
        found.append("WHATSAPP_BUSINESS_ACCOUNT_ID is not set: templates cannot be fetched without it.")
    return found


def _unknown(names: Iterable[str]) -> Iterator[str]:
    known = {name.upper() for name in Settings.model_fields}
    for name in sorted(set(names) - known - _READ_ELSEWHERE - _CLIENT_LIBRARY):
        near = difflib.get_close_matches(name, sorted(known | _NOT_YET), n=1, cutoff=_NEAR)
        if name in _NOT_YET:
            yield f"{name} is set, but this version does not use it yet."
        elif near:
            yield f"{name} is no setting and is not used: do you mean {near[0]}?"
        elif name.startswith(_PREFIXES):
            nearest = difflib.get_close_matches(name, sorted(known | _NOT_YET), n=1, cutoff=0)
            yield f"{name} is no setting and is not used: the nearest one is {nearest[0]}."


def _readable_by_all() -> Iterator[str]:
    """Warn of an `.env` that every account of the machine can read."""
    file = Path(str(Settings.model_config.get("env_file")))
    if file.is_file() and file.stat().st_mode & 0o004:
        yield f"{file} can be read by every account of this machine: run `chmod 600 {file}`."


def _environment() -> Iterator[tuple[str, str | None]]:
    yield from os.environ.items()
    file = Settings.model_config.get("env_file")
    yield from dotenv_values(str(file), interpolate=False, encoding="utf-8-sig").items()
