"""Input and possible outcomes of a decision about a customer's messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.bots.calibration import IDENTITY, Calibration
from core.bots.llm.types import Completion, ModelFailed, Usage, Written
from core.bots.model_prices import PriceTable
from core.bots.settings import BotSettings
from core.catalog.product_index import Item
from core.catalog.quote import OpenQuote, QuoteChange
from core.replies.handoff_rules import Reason
from core.text.normalize import LanguageCode
from core.types import NO_SUMMARY, BusinessFacts, Passage, Summary, Turn


@dataclass(frozen=True, slots=True)
class ComposeRequest:
    """All inputs of one decision.

    `turns` are in order and end with the customer's unanswered burst. `passages` come from the knowledge search, best
    first. `replies_in_a_row` counts bot replies since a person last took part. `bot_ref` and `contact_ref` are stable
    internal ids without personal data. `language` is the default if none is detected. `last_sentiment` is the
    customer's at the bot's previous reply, if no person took part since. `catalogue` is what can be quoted,
    `open_quote` the quote that the customer can answer. With `over_budget` no model may be asked: the bot's money is
    spent. `cached_answer` is a recent answer to the same question, to be reused.
    """

    settings: BotSettings
    business: BusinessFacts
    turns: tuple[Turn, ...]
    prices: PriceTable
    bot_ref: str
    contact_ref: str
    replies_in_a_row: int
    passages: tuple[Passage, ...] = ()
    language: LanguageCode = "es"
    calibration: Calibration = IDENTITY
    last_sentiment: str | None = None
    catalogue: tuple[Item, ...] = ()
    open_quote: OpenQuote | None = None
    over_budget: bool = False
    cached_answer: Reply | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """How a decision was made. Stored with the run; nothing here is shown to customers.

    `decided_by` is a `Reason`, or one of the constants of `core.replies.assistant`. `confidence` holds the parts
    described in `core.replies.confidence`, and the threshold. `grounded`: the answer's statements rest on a given
    source; None when it states nothing. `cost` is in USD, None when unknown or no model was asked. `error` is "kind:
    detail".
    """

    decided_by: str
    prompt_version: str | None = None
    prompt_tokens: int | None = None
    passages: tuple[Passage, ...] = ()
    sources: tuple[str, ...] = ()
    unknown_sources: tuple[str, ...] = ()
    invented_amounts: tuple[str, ...] = ()
    grounded: bool | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    sentiment: str | None = None
    language: str | None = None
    model: str | None = None
    request_id: str | None = None
    usage: Usage | None = None
    cost: Decimal | None = None
    latency_ms: int | None = None
    error: str | None = None
    raw_reply: str | None = None


def with_call(trace: Trace, call: Completion | Written[Any] | ModelFailed, prices: PriceTable, at: datetime) -> Trace:
    """Add a model call, failed or not, with its cost by the prices of that time."""
    cost = None if call.model is None or call.usage is None else prices.cost(call.model, call.usage, at)
    return replace(
        trace, model=call.model, usage=call.usage, cost=cost, latency_ms=call.latency_ms, request_id=call.request_id
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """Send `text`, or with `draft` show it to a person for approval. The text is complete: the outbox splits it."""

    text: str
    draft: bool
    trace: Trace
    quote: QuoteChange | None = None


@dataclass(frozen=True, slots=True)
class HandOff:
    """A person takes over and is notified. `text`, unless None, is sent to the customer first."""

    text: str | None
    reason: Reason
    detail: str
    trace: Trace
    summary: Summary = NO_SUMMARY
    quote: QuoteChange | None = None


@dataclass(frozen=True, slots=True)
class BotOff:
    """The bot is switched off for this conversation."""

    trace: Trace


@dataclass(frozen=True, slots=True)
class NoReplyNeeded:
    """The messages need no response ("ok", "👍"): nothing is sent and nobody is notified."""

    trace: Trace


Outcome = Reply | HandOff | BotOff | NoReplyNeeded
