"""Counters of calls to language models, for Prometheus."""

from __future__ import annotations

from decimal import Decimal

from core.bots.llm.types import Usage
from core.platform import metrics

_CALLS = metrics.counter("model_calls", "Calls to language models by model and outcome", "model", "outcome")
_SECONDS = metrics.histogram(
    "model_seconds", "Duration of model calls by model", "model", buckets=(0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
)
_TOKENS = metrics.counter("model_tokens", "Tokens by model and direction; input includes cached", "model", "direction")
_COST = metrics.counter("model_cost_usd", "Cost of model calls of known price, in US dollars", "model")


_MOST_NAMES = 50  # anybody who may try settings may try any name, and each is a row for ever
_names: set[str] = set()


def _label(model: str) -> str:
    if model in _names or len(_names) < _MOST_NAMES:
        _names.add(model)
        return model
    return "other"


def count(model: str, outcome: str, usage: Usage | None, seconds: float) -> None:
    """Count a call that has ended: `outcome` is "answered" or a `FailureKind`."""
    model = _label(model)
    _CALLS.labels(model, outcome).inc()
    _SECONDS.labels(model).observe(seconds)
    if usage is not None:
        for direction, tokens in (("input", usage.input), ("cached", usage.cached), ("output", usage.output)):
            _TOKENS.labels(model, direction).inc(tokens)


def count_cost(model: str | None, cost: Decimal | None) -> None:
    """Count what a call cost; of an unknown price nothing is counted."""
    if model is not None and cost is not None:
        _COST.labels(_label(model)).inc(float(cost))
