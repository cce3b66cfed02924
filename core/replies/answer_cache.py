"""Answers given lately, told again to whoever opens with the same question: without a model, a search or their cost.

An answer is kept only if nothing but the question and what the business says went into it: it opened the conversation,
it stated facts and rests on them, and neither side's words hold personal data. The key holds all that it depended on,
so that a change of settings, knowledge, catalogue or facts asks the model anew. Redis forgets it when its time is over;
what Redis cannot tell, the model is asked.
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
from core.replies.assistant import FREQUENT, MODEL
from core.replies.context import ReplyContext
from core.replies.decision import ComposeRequest, Outcome, Reply, Trace
from core.replies.prompt import fact_lines
from core.text.normalize import fold
from core.text.pii import masked
from core.types import Autonomy, Passage, burst

log = structlog.get_logger(__name__)

_MARKS = "¿?¡!.,;:…\"'()"  # around a word they say nothing; within one ("1,50") they do


def key(business_id: int, briefing: ReplyContext) -> str | None:
    """Under which the answer to this question is kept; None where none may be. Asks no Redis."""
    request = briefing.request
    if not request.settings.frequent_minutes or not _opens(request):
        return None
    asked = "\n".join(turn.whole for turn in request.turns)
    question = _normalised(asked)
    if not question or masked(asked) != asked.strip():
        return None
    depends = [
        briefing.bot_id,
        briefing.settings_version,
        request.settings.model or get_settings().openai_model,
        retrieval.version(business_id, briefing.bot_id),
        str(briefing.catalogue),
        fact_lines(request.business),
        request.language,
        question,
    ]
    digest = hashlib.sha256(json.dumps(depends).encode()).hexdigest()
    return f"bothub:frequent:{business_id}:{digest}"


def recall(kept_as: str | None) -> Reply | None:
    """The answer that is kept, as one that cost nothing; None where there is none, or Redis does not say."""
    if kept_as is None:
        return None
    try:
        found: Any = job_queue.connection().get(kept_as)
        return None if found is None else _reply(json.loads(found))
    except redis.RedisError as error:
        log.warning("frequent_not_recalled", error=type(error).__name__)
    except (ValueError, TypeError, KeyError):  # written by a version that kept it otherwise
        log.warning("frequent_not_readable", key=kept_as)
    return None


def keep(kept_as: str | None, minutes: int, outcome: Outcome) -> None:
    """Remember an answer, if it is one that may be told to others."""
    if kept_as is None or not isinstance(outcome, Reply) or not _may_be_told(outcome):
        return
    try:
        job_queue.connection().set(kept_as, json.dumps(_document(outcome)), ex=timedelta(minutes=minutes))
    except redis.RedisError as error:
        log.warning("frequent_not_kept", error=type(error).__name__)


def _opens(request: ComposeRequest) -> bool:
    """Whether the question is all that there is: nothing before it was said that could change its meaning."""
    return (
        request.settings.autonomy is Autonomy.AUTOMATIC
        and request.open_quote is None
        and len(burst(request.turns)) == len(request.turns)
        and all(turn.readable for turn in request.turns)
    )


def _may_be_told(reply: Reply) -> bool:
    """A reply is above the threshold by itself: what is not goes to a person."""
    trace = reply.trace
    return (
        trace.decided_by == MODEL
        and not reply.draft
        and reply.quote is None
        and trace.grounded is True
        and not trace.unknown_sources
        and trace.sentiment != "negative"
        and masked(reply.text) == reply.text.strip()
    )


def _normalised(question: str) -> str:
    """The words without capitals, accents, and the marks around them: "¿Abren HOY?" is "abren hoy"."""
    return " ".join(word for one in fold(question).split() if (word := one.strip(_MARKS)))


def _document(reply: Reply) -> dict[str, Any]:
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


def _reply(kept: dict[str, Any]) -> Reply:
    trace = Trace(
        FREQUENT,
        prompt_version=kept["prompt_version"],
        passages=tuple(Passage(**passage) for passage in kept["passages"]),
        sources=tuple(kept["sources"]),
        grounded=True,
        confidence=kept["confidence"],
        topics=tuple(kept["topics"]),
        sentiment=kept["sentiment"],
        language=kept["language"],
        cost=Decimal(0),
    )
    return Reply(kept["text"], draft=False, trace=trace)
