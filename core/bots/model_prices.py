"""Cost of model calls, from a dated table that an operator can correct or extend without a release.

Prices are in USD for a million tokens. A model, or a day, missing in the table has an unknown cost, which is not a cost
of zero.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.bots.llm.types import Usage
from core.platform import faults

log = structlog.get_logger(__name__)

_BUNDLED = Path(__file__).with_name("model_prices.json")
_MILLION = Decimal(1_000_000)
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(BaseModel):
    """The price of a model from `valid_from` (UTC) until the next entry. No `cached` price: billed as input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1, max_length=100)
    valid_from: date
    input: Decimal = Field(ge=0)
    cached: Decimal | None = Field(default=None, ge=0)
    output: Decimal = Field(ge=0)
    source: str


class _PriceFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prices: list[Price]


class PriceTable:
    """Prices by model, each with its history. Later entries of `prices` replace earlier ones of the same day."""

    def __init__(self, prices: Sequence[Price]) -> None:
        history: defaultdict[str, dict[date, Price]] = defaultdict(dict)
        for price in prices:
            history[price.model][price.valid_from] = price
        self._newest_first = {
            model: sorted(dated.values(), key=lambda price: price.valid_from, reverse=True)
            for model, dated in history.items()
        }

    def cost(self, model: str, usage: Usage, at: datetime) -> Decimal | None:
        """Return the cost in USD of a call made at `at` (aware), or None when it is not known.

        A dated snapshot (gpt-6-luna-2026-09-01) costs the same as its model unless it has a price of its own.
        """
        price = self._price(model, at) or self._price(_SNAPSHOT.sub("", model), at)
        if price is None:
            return None
        cached_price = price.input if price.cached is None else price.cached
        cached = min(usage.cached, usage.input)
        return ((usage.input - cached) * price.input + cached * cached_price + usage.output * price.output) / _MILLION

    def _price(self, model: str, at: datetime) -> Price | None:
        day = at.astimezone(UTC).date()
        return next((price for price in self._newest_first.get(model, ()) if price.valid_from <= day), None)


def load_prices(override: Path | None = None) -> PriceTable:
    """Load the bundled table, with the entries of `override` (same format) on top when that file exists."""
    return PriceTable(installed(override))


def installed(override: Path | None = None) -> list[Price]:
    """Return the bundled prices and then those of a file.

    Invalid entries of the file are skipped and logged: an error in a price must not stop an answer.
    """
    prices = list(_bundled())
    if override is None or not override.exists():
        return prices
    found, problems = read_file(override)
    for problem in problems:
        log.warning("price_ignored", problem=problem)
    return prices + found


def read_file(path: Path) -> tuple[list[Price], list[str]]:
    """Read the prices of a file, and its problems, a line each."""
    try:
        listed = json.loads(path.read_bytes())["prices"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [], [f"{path.name} holds no list of prices: {type(error).__name__}"]
    prices, problems = [], []
    for number, one in enumerate(listed if isinstance(listed, list) else [], start=1):
        try:
            prices.append(Price.model_validate(one))
        except ValidationError as error:
            first = error.errors()[0]
            problems.append(f"{path.name}, price {number}, {'.'.join(map(str, first['loc']))}: {faults.reason(first)}")
    return prices, problems


@lru_cache(maxsize=1)
def _bundled() -> tuple[Price, ...]:
    return tuple(_PriceFile.model_validate_json(_BUNDLED.read_bytes()).prices)
