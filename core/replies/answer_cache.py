"""Cache of recent answers in Redis, reused when another conversation opens with the same question.

A cached answer needs no model, no search and costs nothing. An answer is cached only if it depends on nothing but the
question and the business's content: it opened the conversation, states grounded facts, and neither side's text holds
personal data. The key covers all its inputs, so changed settings, knowledge, catalogue or facts miss the cache. Entries
expire in Redis; if Redis is unavailable the model is asked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import redis
import structlog

from core.knowledge import retrieval
from core.platform import job_queue
from core.platform.config import get_settings
from core.replies.assistant import CACHED_ANSWER, MODEL
from core.replies.context import ReplyContext
from core.replies.decision import ComposeRequest, Outcome, Reply, Trace
from core.replies.prompt import fact_lines
from core.text.normalize import fold
from core.text.pii import redact
from core.types import Autonomy, Passage, burst

log = structlog.get_logger(__name__)

_MARKS = "¿?¡!.,;:…\"'()"  # ignored around a word, significant within one ("1,50")


def key(business_id: int, reply_context: ReplyContext) -> str | None:
    """Return the cache key of this question, or None if its answer must not be cached. Does not access Redis."""
    request = reply_context.request
    if not request.settings.frequent_minutes or not _is_first_question(request):
        return None
    text = "\n".join(turn.whole for turn in request.turns)
    question = _normalize(text)
    if not question or redact(text) != text.strip():
        return None
    inputs = [
        reply_context.bot_id,
        reply_context.settings_version,
        request.settings.model or get_settings().openai_model,
        retrieval.version(business_id, reply_context.bot_id),
        str(reply_context.catalogue),
        fact_lines(request.business),
        request.language,
        question,
    ]
    digest = hashlib.sha256(json.dumps(inputs).encode()).hexdigest()
    return f"bothub:frequent:{business_id}:{digest}"


def get(cache_key: str | None) -> Reply | None:
    """Return the cached answer at no cost, or None on a miss or if Redis is unavailable."""
    if cache_key is None:
        return None
    try:
        found: Any = job_queue.connection().get(cache_key)
        return None if found is None else _deserialize(json.loads(found))
    except redis.RedisError as error:
        log.warning("frequent_not_recalled", error=type(error).__name__)
    except (ValueError, TypeError, KeyError):  # written by a version with another format
        log.warning("frequent_not_readable", key=cache_key)
    return None


def put(cache_key: str | None, minutes: int, outcome: Outcome) -> None:
    """Cache an answer if it may be reused for other customers."""
    if cache_key is None or not isinstance(outcome, Reply) or not _is_cacheable(outcome):
        return
    try:
        job_queue.connection().set(cache_key, json.dumps(_serialize(outcome)), ex=timedelta(minutes=minutes))
    except redis.RedisError as error:
        log.warning("frequent_not_kept", error=type(error).__name__)


def _is_first_question(request: ComposeRequest) -> bool:
    """Return whether the question opens the conversation, so that no earlier message can change its meaning."""
    return (
        request.settings.autonomy is Autonomy.AUTOMATIC
        and request.open_quote is None
        and len(burst(request.turns)) == len(request.turns)
        and all(turn.readable for turn in request.turns)
    )


def _is_cacheable(reply: Reply) -> bool:
    """Return whether a reply may be reused. Every reply is above the threshold: the others are handed off."""
    trace = reply.trace
    return (
        trace.decided_by == MODEL
        and not reply.draft
        and reply.quote is None
        and trace.grounded is True
        and not trace.unknown_sources
        and trace.sentiment != "negative"
        and redact(reply.text) == reply.text.strip()
    )


def _normalize(question: str) -> str:
    """Normalise case, accents and surrounding punctuation: "¿Abren HOY?" becomes "abren hoy"."""
    return " ".join(word for one in fold(question).split() if (word := one.strip(_MARKS)))


def _serialize(reply: Reply) -> dict[str, Any]:
    trace = reply.trace
    return {
        "text": reply.text,
        "prompt_version": trace.prompt_version,
        "passages": [asdict(passage) for passage in trace.passages],
        "sources": trace.sources,
        "confidence": dict(trace.confidence),
        "topics": trace.topics,
        "sentiment": trace.sentiment,
        "language": trace.language,
    }


def _deserialize(stored: dict[str, Any]) -> Reply:
    trace = Trace(
        CACHED_ANSWER,
        prompt_version=stored["prompt_version"],
        passages=tuple(Passage(**passage) for passage in stored["passages"]),
        sources=tuple(stored["sources"]),
        grounded=True,
        confidence=stored["confidence"],
        topics=tuple(stored["topics"]),
        sentiment=stored["sentiment"],
        language=stored["language"],
        cost=Decimal(0),
    )
    return Reply(stored["text"], draft=False, trace=trace)
