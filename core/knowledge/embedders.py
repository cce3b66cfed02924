"""Select the embedding model, with an offline fallback for installations without one.

Every vector is stored with the name of its embedder, and vectors of different names are never compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

from core.bots.llm.configured import model
from core.bots.llm.embeddings import Vector, unit
from core.platform.config import get_settings
from core.text.normalize import words
from core.text.stopwords import STOP_WORDS
from core.text.synonyms import topic

if TYPE_CHECKING:
    from core.bots.llm.client import ModelClient

OFFLINE_DIMENSIONS = 256

# OpenAI takes 2,048 texts and 300,000 tokens a request (API reference, Create embeddings); compatible servers take
# fewer, and small requests keep each of them short.
_MAX_TEXTS = 128
_MAX_BYTES = 200_000
_MAX_TEXT_LENGTH = 16_000  # bytes; 8,192 tokens is the limit (same source), and few texts have so few bytes a token


class Embedder(Protocol):
    """Convert texts to vectors of length 1.

    `name` is stored with each vector. `weight` is the weight of its ranking relative to full text.
    """

    @property
    def name(self) -> str: ...

    @property
    def weight(self) -> float: ...

    def embed(self, texts: Sequence[str], *, timeout_seconds: float) -> list[Vector]:
        """Return a vector for each text, none of which is blank. Raises `ModelFailed`."""

    def similarity(self, cosine: float) -> float:
        """Map the cosine of two texts' vectors to their similarity, 0 (unrelated) to 1 (same meaning)."""


# Range of cosines from unrelated to answered. Models differ: the older and many open
# ones put everything into a narrow cone. Conservative estimates; an unknown name gets the last.
_SCALES = {
    "text-embedding-3": (0.15, 0.65),
    "text-embedding-ada": (0.72, 0.9),
    "nomic-embed": (0.5, 0.85),
    "bge-": (0.45, 0.85),
    "e5-": (0.72, 0.92),
    "": (0.3, 0.8),
}


@dataclass(frozen=True)
class ServerEmbedder:
    """OpenAI, or a compatible server."""

    client: ModelClient
    name: str
    weight: float = 1.0

    def embed(self, texts: Sequence[str], *, timeout_seconds: float) -> list[Vector]:
        found: list[Vector] = []
        for request in _requests([_cut(text) for text in texts]):
            found += self.client.embed(request, self.name, timeout_seconds=timeout_seconds)
        return found

    def similarity(self, cosine: float) -> float:
        beginning = next(start for start in _SCALES if start in self.name.lower())
        return _scaled(cosine, *_SCALES[beginning])


class OfflineEmbedder:
    """Hashed words and letter trigrams: texts that share words, or words with a typo, have similar vectors.

    It has no semantics beyond the groups of `core.text.synonyms`. The same text gives the same vector everywhere; a
    change of the algorithm needs a new name.
    """

    name = "offline-2"
    weight = 0.25

    def embed(self, texts: Sequence[str], *, timeout_seconds: float = 0) -> list[Vector]:
        return [_hashed(text) for text in texts]

    def similarity(self, cosine: float) -> float:
        return _scaled(cosine, 0.15, 0.75)


OFFLINE = OfflineEmbedder()


def passage_text(heading: str, text: str) -> str:
    """Return the text of a passage that is embedded."""
    return f"{heading}\n{text}" if heading else text


def current() -> Embedder:
    """Return the embedder of this installation: the configured model; the offline one if chosen or without a key."""
    client, name = model(), get_settings().openai_embedding_model
    return OFFLINE if client is None or name in ("", "offline") else ServerEmbedder(client, name)


def named(name: str) -> Embedder | None:
    """Return the embedder with this name, or None if it is not available here."""
    if name == OFFLINE.name:
        return OFFLINE
    client = model()
    return None if client is None else ServerEmbedder(client, name)


def _cut(text: str) -> str:
    return text.encode()[:_MAX_TEXT_LENGTH].decode(errors="ignore")


def _requests(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield groups of texts that fit in one request."""
    group: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if group and (len(group) == _MAX_TEXTS or size + length > _MAX_BYTES):
            yield group
            group, size = [], 0
        group.append(text)
        size += length
    if group:
        yield group


def _scaled(cosine: float, unrelated: float, same: float) -> float:
    return min(max((cosine - unrelated) / (same - unrelated), 0.0), 1.0)


def _hashed(text: str) -> Vector:
    counts: dict[str, int] = {}
    for word in words(text):
        if word not in STOP_WORDS:
            counts[word] = counts.get(word, 0) + 1
    vector = [0.0] * OFFLINE_DIMENSIONS
    for word, count in counts.items():
        for place, weight in _features(word):
            vector[place] += weight * sqrt(count)
    return unit(vector)


_TRIPLES_SHARE = 0.3


@lru_cache(maxsize=20_000)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    """Return the vector positions and weights of a word: its whole topic, and a share for its trigrams together."""
    padded = f"^{word}$"
    triples = [padded[at : at + 3] for at in range(len(padded) - 2)]
    share = _TRIPLES_SHARE / sqrt(len(triples))
    return (_placed(topic(word), 1.0), *(_placed(triple, share) for triple in triples))


def _placed(feature: str, weight: float) -> tuple[int, float]:
    hashed = crc32(feature.encode())
    return hashed % OFFLINE_DIMENSIONS, weight if hashed & 0x80000000 else -weight
