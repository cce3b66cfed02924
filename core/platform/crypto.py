"""Encryption at rest: Fernet with rotating keys (the first of ENCRYPTION_KEYS encrypts, all decrypt)."""

from __future__ import annotations

import hashlib
import json
import secrets
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from core.platform.config import get_settings
from core.platform.errors import ConfigurationError


@lru_cache(maxsize=1)
def _fernet() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in get_settings().encryption_keys])
    except ValueError:
        raise ConfigurationError(
            "ENCRYPTION_KEYS is wrong: each key is 32 bytes in URL-safe base64; make one with "
            "`python -m core.cli keys encryption`."
        ) from None


class EncryptedJSON(TypeDecorator[dict[str, str]]):
    """A dictionary of secrets, encrypted before it reaches the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[str, str] | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _fernet().encrypt(json.dumps(value).encode())

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, str] | None:
        if value is None:
            return None
        return dict(json.loads(_fernet().decrypt(bytes(value))))


def decrypt_dictionary(stored: bytes) -> dict[str, str] | None:
    """Decrypt the bytes of an `EncryptedJSON`; None if they were encrypted by an unknown key."""
    try:
        return dict(json.loads(_fernet().decrypt(stored)))
    except InvalidToken:
        return None


def encrypt_text(text: str) -> str:
    """Encrypt and authenticate a text, for a cookie."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt_text(token: str) -> str | None:
    """Decrypt a text of `encrypt_text`; None for anything else."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except (InvalidToken, UnicodeError):
        return None


def new_token(prefix: str = "") -> str:
    """Return a random URL-safe secret of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return the hash stored for a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()
