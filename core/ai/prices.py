"""What model calls cost, from a dated table that an operator can correct or extend without a release.

Prices are in USD for a million tokens. A model, or a day, that the table does not know has an unknown cost,
which is not a cost of zero.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.ai.model import Usage

_BUNDLED = Path(__file__).with_name("prices.json")
_MILLION = Decimal(1_000_000)
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(BaseModel):
    """The price of a model from `valid_from` (UTC) until the next entry. No `cached` price: billed as input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
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
        """The cost in USD of a call made at `at` (aware), or None when it is not known.

        A dated snapshot (gpt-6-luna-2026-09-01) costs what its model does unless it has a price of its own.
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
    """The bundled table, with the entries of `override` (same format) on top when that file exists.

    Raises `ValueError` naming the file and what is wrong with it.
    """
    prices = _read(_BUNDLED)
    if override is not None and override.exists():
        prices += _read(override)
    return PriceTable(prices)


def _read(path: Path) -> list[Price]:
    try:
        return _PriceFile.model_validate_json(path.read_bytes()).prices
    except ValidationError as error:
        raise ValueError(f"{path}: {error}") from error
