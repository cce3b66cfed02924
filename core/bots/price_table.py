"""What a business pays and earns: its own prices over the bundled ones, each valid from a day on.

An invalid price is skipped and logged, and never stops an answer: what it would have priced has an unknown cost, which
is not a cost of zero.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots.model_prices import Price, PriceTable, installed, read_file
from core.models import Business
from core.platform import faults
from core.platform.config import get_settings
from core.platform.db import business_of, transaction
from core.platform.errors import Invalid

log = structlog.get_logger(__name__)

MAX_ENTRIES = 500
_BUNDLED = Path(__file__).with_name("message_prices.json")
_CACHE_SECONDS = 60.0
_MAX_CACHED = 1000
CHANNELS = ("whatsapp", "sms")
CATEGORIES = ("marketing", "utility", "authentication", "authentication_international", "service", "sms")


class MessagePrice(BaseModel):
    """What one message, or one segment of an SMS, costs in USD from `valid_from` on.

    `prefix` are the first digits of the telephone numbers it applies to, country code first; empty: all. The longest
    matching prefix counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Literal["whatsapp", "sms"]
    category: Literal["marketing", "utility", "authentication", "authentication_international", "service", "sms"]
    prefix: str = Field(default="", pattern=r"^\d{0,10}$")
    valid_from: date
    usd: Decimal = Field(ge=0, le=100, max_digits=12)
    source: str = Field(default="", max_length=200)


class Prices(BaseModel):
    """Prices set by a business. `plan_usd` is its monthly revenue with this desk, None if not set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Price, ...] = Field(default=(), max_length=MAX_ENTRIES)
    messages: tuple[MessagePrice, ...] = Field(default=(), max_length=MAX_ENTRIES)
    plan_usd: Decimal | None = Field(default=None, ge=0, le=10_000_000)


def read(session: Session) -> Prices:
    """Return the prices of a business, without invalid entries."""
    return _tolerant(session.scalars(select(Business.prices).where(Business.id == business_of(session))).one())


def save(session: Session, values: Mapping[str, Any]) -> None:
    """Replace them: `models`, `messages` and `plan_usd`, as in `Prices`.

    Raises `Invalid`, whose values name the first wrong value: its `table`, `row` from 1 (0: the table itself) and
    `column`, and what was `given`, "" if nothing.
    """
    try:
        prices = Prices.model_validate(values)
    except ValidationError as error:
        raise _refusal(error.errors()[0]) from None
    session.execute(
        update(Business).where(Business.id == business_of(session)).values(prices=prices.model_dump(mode="json"))
    )
    audit_log.record(session, "prices.save", f"business:{business_of(session)}")
    _cache.pop(business_of(session), None)


def _refusal(first: ErrorDetails) -> Invalid:
    table, row, column = (*first["loc"], -1, "")[:3]
    number = int(row) + 1
    place = f"{table} {number} {column}" if number else str(table)
    given = "" if first["type"] == "missing" else str(first["input"])
    return Invalid(
        "invalid_prices", f"{place}: {faults.reason(first)}", table=table, row=number, column=column, given=given
    )


_cache: dict[int, tuple[float, PriceTable]] = {}


def table(business_id: int) -> PriceTable:
    """Return the model prices of a business. Refreshed once a minute; if that fails the previous table is used."""
    cached = _cache.get(business_id)
    if cached is not None and time.monotonic() - cached[0] < _CACHE_SECONDS:
        return cached[1]
    with transaction(business_id) as session:
        own = read(session)
    if len(_cache) >= _MAX_CACHED:
        _cache.clear()
    prices = PriceTable([*installed(_override()), *own.models])
    _cache[business_id] = (time.monotonic(), prices)
    return prices


def rates(session: Session) -> list[dict[str, str]]:
    """Return the prices of messages as rows for a statement: the business's own after the bundled of the same day."""
    own = read(session).messages
    return [
        {**one.model_dump(mode="json", exclude={"source"}), "rank": str(rank)}
        for rank, one in enumerate((*_bundled(), *own))
    ]


def problems() -> list[str]:
    """Return the problems of the installation's own price file, a line each."""
    path = _override()
    return read_file(path)[1] if path.exists() else []


def _override() -> Path:
    return get_settings().data_dir.expanduser() / "prices.json"


@lru_cache(maxsize=1)
def _bundled() -> tuple[MessagePrice, ...]:
    return _File.model_validate_json(_BUNDLED.read_bytes()).prices


class _File(BaseModel):
    prices: tuple[MessagePrice, ...]


def _tolerant(values: Mapping[str, Any]) -> Prices:
    try:
        return Prices.model_validate(values)
    except ValidationError:
        log.warning("prices_not_read_whole")
    return Prices(
        models=tuple(_each(Price, values.get("models"))),
        messages=tuple(_each(MessagePrice, values.get("messages"))),
    )


_Entry = TypeVar("_Entry", bound=BaseModel)


def _each(kind: type[_Entry], entries: object) -> list[_Entry]:
    valid = []
    for one in entries if isinstance(entries, list) else ():
        try:
            valid.append(kind.model_validate(one))
        except ValidationError:
            continue
    return valid
