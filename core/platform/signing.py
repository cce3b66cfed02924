"""Keys that sign what others hand back to us, such as links. Loads no tables."""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.platform.config import get_settings


@lru_cache(maxsize=8)
def signing_keys(purpose: str) -> tuple[bytes, ...]:
    """Derive a signing key for a purpose from each of ENCRYPTION_KEYS: the first signs, all verify."""
    return tuple(
        HKDF(algorithm=SHA256(), length=32, salt=None, info=f"bothub: {purpose}".encode()).derive(key.encode())
        for key in get_settings().encryption_keys
    )
