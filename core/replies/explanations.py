"""Explain a bot message from the run that wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import AIRun, Bot
from core.replies.prompt import FACTS


@dataclass(frozen=True, slots=True)
class Source:
    """A passage given to the bot. `used`: the answer cites it. `score` is 0 to 1."""

    id: str
    title: str
    text: str
    score: float
    used: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """One run. `cost_usd` is None when the price is not known, `confidence` and `threshold` when no model was asked.

    `parts` explain the confidence (`core.replies.confidence`). `grounded` is None when nothing was stated;
    `from_facts`: the answer cites the facts about the business.
    """

    bot: str | None
    settings_version: int
    prompt_version: str
    outcome: str
    decided_by: str
    at: datetime
    model: str | None
    confidence: float | None
    threshold: float | None
    parts: Mapping[str, float]
    grounded: bool | None
    from_facts: bool
    invented_amounts: Sequence[str]
    topics: Sequence[str]
    sentiment: str | None
    sources: Sequence[Source]
    invented_sources: Sequence[str]
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    latency_ms: int | None
    error: str | None


def of_message(session: Session, message_id: int) -> Explanation | None:
    """Return the run that wrote a message; None if no bot did."""
    return _explained(session, AIRun.message_id == message_id)


def of_draft(session: Session, run_id: int) -> Explanation | None:
    """Return a run by its id."""
    return _explained(session, AIRun.id == run_id)


def _explained(session: Session, condition: Any) -> Explanation | None:
    row = session.execute(
        select(AIRun, Bot.name)
        .outerjoin(Bot, Bot.id == AIRun.bot_id)
        .where(condition)
        .order_by(AIRun.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    run, bot = row
    trace = run.trace
    return Explanation(
        bot=bot,
        settings_version=run.settings_version,
        prompt_version=run.prompt_version,
        outcome=run.outcome,
        decided_by=run.decided_by,
        at=run.created_at,
        model=run.model,
        confidence=run.confidence,
        threshold=trace.get("confidence", {}).get("threshold"),
        parts=trace.get("confidence", {}),
        grounded=trace.get("grounded"),
        from_facts=FACTS in trace.get("sources", []),
        invented_amounts=trace.get("invented_amounts", []),
        topics=trace.get("topics", []),
        sentiment=trace.get("sentiment"),
        sources=[
            Source(one["id"], one["title"], one["text"], one["score"], one["id"] in trace.get("sources", []))
            for one in trace.get("passages", [])
        ],
        invented_sources=trace.get("unknown_sources", []),
        input_tokens=run.input_tokens,
        cached_tokens=run.cached_tokens,
        output_tokens=run.output_tokens,
        cost_usd=run.cost_usd,
        latency_ms=run.latency_ms,
        error=run.error,
    )
