"""Record the bot's runs, one per reply, whether or not its answer was used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from core.bots.llm import call_metrics
from core.platform import metrics
from core.platform.db import business_of, run
from core.replies import context

if TYPE_CHECKING:
    from core.replies.pending_replies import CompletedReply

_REPLIES = metrics.counter("replies", "Decisions of the bot by outcome and by what decided", "outcome", "decided_by")


def to_row(one: CompletedReply, kind: str, message_id: int | None, **extra: str) -> dict[str, Any]:
    """Return the run of a reply that ended as `kind`, with the message it sent; `extra` goes to its trace."""
    columns = context.run_columns(one.outcome.trace)
    return {
        "conversation_id": one.pending.conversation_id,
        "message_id": message_id,
        "bot_id": one.reply_context.bot_id,
        "settings_version": one.reply_context.settings_version,
        "outcome": kind,
        **columns,
        "trace": columns["trace"] | extra,
    }


def record(session: Session, runs: Sequence[dict[str, Any]]) -> None:
    """Store runs of the bot; each is a row of `ai_runs` without its business."""
    if runs:
        run(session, _RUNS, {"business": business_of(session), "runs": json.dumps(runs, default=str)})
    for one in runs:
        _REPLIES.labels(one["outcome"], one["decided_by"]).inc()
        call_metrics.count_cost(one["model"], one["cost_usd"])


_RUNS = """
INSERT INTO ai_runs (business_id, conversation_id, message_id, bot_id, settings_version, outcome, prompt_version,
                     decided_by, model, confidence, input_tokens, cached_tokens, output_tokens, cost_usd, latency_ms,
                     error, trace)
SELECT %(business)s, r.* FROM jsonb_to_recordset(%(runs)s::jsonb) AS r (
    conversation_id bigint, message_id bigint, bot_id bigint, settings_version bigint, outcome text,
    prompt_version text, decided_by text, model text, confidence double precision, input_tokens integer,
    cached_tokens integer, output_tokens integer, cost_usd numeric, latency_ms integer, error text, trace jsonb)
"""
