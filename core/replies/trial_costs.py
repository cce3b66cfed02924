"""Record the cost of trials and lookups, apart from the cost of answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots.llm import call_metrics
from core.bots.llm.metering import Embedded
from core.bots.llm.types import Usage
from core.bots.model_prices import PriceTable
from core.bots.usage import TRIAL
from core.replies.decision import Trace


def record_trial(session: Session, bot_id: int, trace: Trace, *, action: str = TRIAL) -> None:
    """Record the cost of a trial, or of another model call by a person. Without a call there is no entry."""
    if trace.model is None:
        return
    audit_log.record(
        session, action, f"bot:{bot_id}", model=trace.model,
        tokens=trace.usage.input + trace.usage.output if trace.usage else 0,
        cost_usd=None if trace.cost is None else str(trace.cost),
    )  # fmt: skip
    call_metrics.count_cost(trace.model, trace.cost)


def with_lookup(trace: Trace, embedded: Embedded, prices: PriceTable) -> Trace:
    """Add the cost of embedding the question to the trace. One part of unknown price makes the total unknown."""
    if not embedded.total:
        return trace
    own, looking = trace.usage or Usage(0, 0, 0), embedded.cost(prices, datetime.now(UTC))
    cost_known = looking is not None and (trace.usage is None or trace.cost is not None)
    cost = (trace.cost or Decimal(0)) + looking if cost_known and looking is not None else None
    return replace(trace, usage=replace(own, input=own.input + embedded.total), cost=cost)
