"""Embeddings without a model: hashed words and letter triples, so that texts sharing words lie close together."""

from __future__ import annotations

import base64
import math
from array import array
from zlib import crc32

from sandbox.words import tokens, words

SIZES = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}


def embed(text: str, dimensions: int) -> array[float]:
    """A unit vector. The same text always gives the same vector."""
    vector = array("f", bytes(4 * dimensions))
    meanings = tokens(text) or words(text)
    _add(vector, meanings, 1.0)
    for word in meanings:
        padded = f"^{word}$"
        _add(vector, [padded[at : at + 3] for at in range(len(padded) - 2)], 0.35)
    length = math.sqrt(sum(value * value for value in vector))
    if length == 0:
        vector[0] = length = 1.0
    return array("f", (value / length for value in vector))


def _add(vector: array[float], features: list[str], weight: float) -> None:
    for feature in features:
        hashed = crc32(feature.encode())
        vector[hashed % len(vector)] += weight if hashed & 0x80000000 else -weight


def as_base64(vector: array[float]) -> str:
    """Return the vector as clients ask for it by default."""
    return base64.b64encode(vector.tobytes()).decode()
