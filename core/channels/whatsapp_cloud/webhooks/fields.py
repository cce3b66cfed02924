"""Read untrusted values of unknown types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from core.channels.json_values import items, mapping, text
from core.channels.types import Parsed, ProviderError, UnparsedItem

log = structlog.get_logger(__name__)

# What an unexpected shape can raise: the item becomes a dead letter and the others are processed.
SHAPE_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)

# WhatsApp opened in 2009: an earlier time is a broken clock.
_EARLIEST = datetime(2009, 1, 1, tzinfo=UTC).timestamp()
_TOLERANCE = timedelta(days=1).total_seconds()
_SECONDS = re.compile(r"([0-9]{1,15})(?:\.[0-9]{1,9})?")
_MILLISECONDS = 10**11  # no number of seconds is that large before the year 5138
_LONGEST_ID = 512  # code points; a unique index takes no more than about 2,700 bytes


class Malformed(ValueError):
    """An item that cannot be parsed."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Context of the items of one change: our number, its account, and when the body was received."""

    account: str
    route: str
    own_number: str
    received_at: datetime

    def time(self, value: Any) -> datetime:
        """Return the provider's time; ours where it is missing or absurd.

        Accepts unix seconds or milliseconds, as string or number.
        """
        written = _SECONDS.fullmatch(str(value)) if isinstance(value, str | int | float) else None
        if written is None:
            return self.received_at
        seconds = int(written[1])
        if seconds >= _MILLISECONDS:
            seconds //= 1000
        if not _EARLIEST <= seconds <= self.received_at.timestamp() + _TOLERANCE:
            return self.received_at
        return datetime.fromtimestamp(seconds, UTC)

    def written(self, value: Any) -> datetime:
        """Return when a message was written, in whole seconds: the provider's time, but not after it was received."""
        return min(self.time(value), self.received_at).replace(microsecond=0)


def identifier(value: Any) -> str | None:
    """Return an id usable as a key, None if there is none. Raises `Malformed` if it is absurdly long."""
    found = text(value)
    if len(found) > _LONGEST_ID:
        raise Malformed(f"an id of {len(found)} characters is longer than any id")
    return found or None


def required(item: dict[str, Any], key: str) -> str:
    """Return the id under `key`. Raises `Malformed` if there is none."""
    found = identifier(item.get(key))
    if found is None:
        raise problem_with(item, key, "an id")
    return found


def shape(value: Any) -> str:
    """Describe a value's type, as readable text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text" if value else "an empty text"
        case list():
            return "a list"
    return "an object"


def problem_with(owner: dict[str, Any], key: str, wanted: str) -> Malformed:
    """Return the error for a part that is missing or of another type than `wanted`."""
    return Malformed(f"{key} is {shape(owner[key])}, not {wanted}" if key in owner else f"{key} is missing")


def as_object(value: Any) -> dict[str, Any]:
    """Return the value as an object. Raises `Malformed` otherwise."""
    if not isinstance(value, dict):
        raise Malformed(f"it is {shape(value)}, not an object")
    return value


def read_each(owner: dict[str, Any], key: str, read: Callable[[dict[str, Any]], Iterable[Parsed]]) -> Iterator[Parsed]:
    """Yield what `read` returns for each member of a list. A member that cannot be parsed is `UnparsedItem`."""
    for item in items(owner, key):
        try:
            yield from read(as_object(item))
        except SHAPE_ERRORS as error:
            yield broken(error, item, key)


def errors(value: Any) -> tuple[ProviderError, ...]:
    """Parse Meta's `errors[]`: code, title or message, error_data.details. A single one needs no list."""
    return tuple(
        ProviderError(
            code=text(error.get("code")),
            title=text(error.get("title")) or text(error.get("message")),
            details=text(mapping(error.get("error_data")).get("details")) or text(error.get("details")),
        )
        for error in (value if isinstance(value, list) else [value])
        if isinstance(error, dict)
    )


def broken(error: Exception, raw: Any, name: str) -> UnparsedItem:
    """Return an item of the list `name` with a readable reason; the traceback of an unexpected error is logged."""
    if isinstance(error, Malformed):
        return UnparsedItem(f"{error} (in {name})"[:_LONGEST_REASON], raw)
    log.error("item_not_understood", part=name, exc_info=error)
    return UnparsedItem(f"it has a shape that is not known here (in {name})", raw)


_LONGEST_REASON = 500
