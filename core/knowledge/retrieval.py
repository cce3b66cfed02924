"""Passages for a question, for the bot, trials and the copilot."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import structlog

from core.bots.llm.embeddings import Vector
from core.bots.llm.types import ModelFailed
from core.knowledge import embedders, hybrid_search
from core.knowledge.hybrid_search import Asked, Found
from core.knowledge.tsquery import meaningful
from core.platform.db import transaction
from core.types import Passage, Role, Turn, burst

log = structlog.get_logger(__name__)

_EMBED_SECONDS = 4.0
_CACHE_SECONDS = 5.0
_MAX_QUESTION_LENGTH = 2_000
_MIN_WORDS = 2  # meaningful words; with fewer, a question continues the one before ("¿y a Canarias?")


def passages_for(business_id: int, bot_id: int, question: str, *, limit: int = 6) -> tuple[Passage, ...]:
    """Return the passages for a question, best first; none if nothing is near enough. Call it outside any transaction.

    Passages have ids such as kb-12. A bot without knowledge costs one cached query every few seconds. If the embedding
    service does not answer, the search uses full text alone.
    """
    results = search_with_evidence(business_id, bot_id, question, limit=limit)
    return tuple(Passage(f"kb-{one.chunk_id}", _titled(one), one.text, one.score) for one in results)


def search_with_evidence(business_id: int, bot_id: int, question: str, *, limit: int) -> Sequence[Found]:
    """Return the same with the evidence of each, to explain how it was found."""
    question = question[:_MAX_QUESTION_LENGTH]
    models = _knowledge(business_id, bot_id).models
    if models is None or not meaningful(question):
        return ()
    query = Asked(question, {model: pair for model in models if (pair := _embedded(model, question))})
    with transaction(business_id) as session:
        return hybrid_search.find(session, hybrid_search.library(session, bot_id), query, limit)


def question_in(turns: Sequence[Turn]) -> str:
    """Return the search text for the newest burst: its text, with the customer's previous message if too short."""
    newest = burst(turns)
    question = "\n".join(turn.whole for turn in newest)
    if len(meaningful(question)) >= _MIN_WORDS:
        return question
    earlier = [turn.text for turn in turns[: len(turns) - len(newest)] if turn.role is Role.CUSTOMER]
    return "\n".join([*earlier[-1:], question])


def version(business_id: int, bot_id: int) -> str:
    """Return the version of a bot's knowledge, as of a few seconds ago. Call it outside any transaction."""
    return _knowledge(business_id, bot_id).version


def clear_cache() -> None:
    """Clear the cache of bots' knowledge."""
    with _lock:
        _cache.clear()


@dataclass(frozen=True, slots=True)
class _KnowledgeVersion:
    """The embedding models of a bot's knowledge, None if it has none; `version` changes with any of its revisions."""

    models: frozenset[str] | None
    version: str


_lock = threading.Lock()
_cache: dict[tuple[int, int], tuple[float, _KnowledgeVersion]] = {}


def _knowledge(business_id: int, bot_id: int) -> _KnowledgeVersion:
    """Return the cached index, at most a few seconds old."""
    now = time.monotonic()
    cached = _cache.get((business_id, bot_id))
    if cached is not None and now - cached[0] < _CACHE_SECONDS:
        return cached[1]
    with transaction(business_id) as session:
        library = hybrid_search.library(session, bot_id)
    revisions = sorted((model or "", found) for model, found in library.revisions.items())
    knowledge = _KnowledgeVersion(
        library.models if library.revisions else None, sha256(repr(revisions).encode()).hexdigest()
    )
    with _lock:
        _cache[(business_id, bot_id)] = (now, knowledge)
    return knowledge


def _embedded(model: str, question: str) -> tuple[embedders.Embedder, Vector] | None:
    embedder = embedders.named(model)
    if embedder is None:
        return None
    try:
        return embedder, embedder.embed([question], timeout_seconds=_EMBED_SECONDS)[0]
    except ModelFailed as failure:
        log.warning("question_not_embedded", model=model, error=str(failure))
        return None


def _titled(one: Found) -> str:
    return f"{one.title} › {one.heading}" if one.heading else one.title
