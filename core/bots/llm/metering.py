"""Meter embedding tokens: the client reports them, and the code that pays collects them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.bots.llm.types import Usage
from core.bots.model_prices import PriceTable


@dataclass(slots=True)
class Embedded:
    """The tokens that were embedded, by model, as the server counted them."""

    tokens: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.tokens.values())

    def cost(self, prices: PriceTable, at: datetime) -> Decimal | None:
        """Return the cost in USD; None when the price of a model is not known."""
        sums = [prices.cost(model, Usage(count, 0, 0), at) for model, count in self.tokens.items()]
        return None if None in sums else sum((one for one in sums if one is not None), Decimal(0))


_listening: ContextVar[Embedded | None] = ContextVar("embedded", default=None)


@contextmanager
def metered() -> Iterator[Embedded]:
    """Collect the tokens that this thread has a server embed while the block runs."""
    heard = Embedded()
    token = _listening.set(heard)
    try:
        yield heard
    finally:
        _listening.reset(token)


def note(model: str, tokens: int) -> None:
    """Report that a server has embedded this many tokens."""
    heard = _listening.get()
    if heard is not None and tokens:
        heard.tokens[model] = heard.tokens.get(model, 0) + tokens
