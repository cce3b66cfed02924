"""Make providers' JSON storable: no NUL or lone surrogate in any string, no NaN or infinity.

Postgres refuses the first in text and jsonb alike; the second cannot be encoded; NaN and infinity are not JSON.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

# An escape of half a surrogate pair without its other half. Whole pairs are emoji, and common.
_HALF = re.compile(rb"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F])")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def loads(body: bytes) -> Any:
    """Parse JSON and clean every string. Raises ValueError if it is not JSON, RecursionError if nested too deeply."""
    document = _decoder.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    return clean(document) if _is_suspect(body) else document


def _is_suspect(body: bytes) -> bool:
    """Return whether the body may contain anything that must be cleaned.

    A zero byte means UTF-16, where nothing can be seen, and 0xED may begin a raw surrogate. After an escaped backslash
    a "u" begins no escape, which the pattern for pairs cannot know.
    """
    if b"\\u0000" in body or b"\0" in body or b"\xed" in body:
        return True
    if b"\\ud" not in body and b"\\uD" not in body:
        return False
    return b"\\\\u" in body or _HALF.search(body) is not None


def clean(value: Any) -> Any:
    """Return the value with unstorable characters removed and non-finite numbers as None."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def clean_text(text: str) -> str:
    """Return the text without unstorable characters."""
    return _UNSTORABLE.sub("", text) if _UNSTORABLE.search(text) else text


def _integer(text: str) -> int | str:
    """Parse an integer; Python refuses those of thousands of digits, which stay text."""
    return int(text) if len(text) <= 19 else text


def _real(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


_decoder = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=lambda name: None)
