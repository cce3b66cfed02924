"""Reading values of which nothing is certain, not even their type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from core.channels.types import Broken, Parsed, ProviderError

log = structlog.get_logger(__name__)

# What a shape that nobody foresaw can raise. An item that does is quarantined and its neighbours go on.
SHAPE_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)

# WhatsApp opened in 2009: an earlier time is a broken clock.
_EARLIEST = datetime(2009, 1, 1, tzinfo=UTC).timestamp()
_TOLERANCE = timedelta(days=1).total_seconds()
_SECONDS = re.compile(r"([0-9]{1,15})(?:\.[0-9]{1,9})?")
_MILLISECONDS = 10**11  # no number of seconds is that large before the year 5138
_LONGEST_ID = 512  # code points; a unique index takes no more than about 2,700 bytes


class Malformed(ValueError):
    """An item without which nothing can be made of it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What surrounds the items of one change: our number, its account, and when the body reached us."""

    account: str
    route: str
    own_number: str
    received_at: datetime

    def time(self, value: Any) -> datetime:
        """The provider's time (unix seconds or milliseconds, string or number); ours where it is missing or absurd."""
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
        """When a message was written, in whole seconds: the provider's time, but not after it reached us."""
        return min(self.time(value), self.received_at).replace(microsecond=0)


def text(value: Any) -> str:
    """The string or number as text, "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def identifier(value: Any) -> str | None:
    """An id fit to be a key, None if there is none. Raises `Malformed` if it is absurdly long."""
    found = text(value)
    if len(found) > _LONGEST_ID:
        raise Malformed(f"an id of {len(found)} characters is longer than any id")
    return found or None


def required(item: dict[str, Any], key: str) -> str:
    found = identifier(item.get(key))
    if found is None:
        raise amiss(item, key, "an id")
    return found


def shape(value: Any) -> str:
    """What a value is, in words for a person."""
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


def amiss(owner: dict[str, Any], key: str, wanted: str) -> Malformed:
    """What is wrong with a part: it is missing, or of another shape than `wanted`."""
    return Malformed(f"{key} is {shape(owner[key])}, not {wanted}" if key in owner else f"{key} is missing")


def an_object(value: Any) -> dict[str, Any]:
    """The value, which nothing can be made of unless it is an object."""
    if not isinstance(value, dict):
        raise Malformed(f"it is {shape(value)}, not an object")
    return value


def items(owner: dict[str, Any], key: str) -> Iterator[Any]:
    """The members of a list; nothing if it is absent; the thing itself if it is no list, so that it is not lost."""
    found = owner.get(key)
    if isinstance(found, list):
        yield from found
    elif found is not None:
        yield found


def read_each(owner: dict[str, Any], key: str, read: Callable[[dict[str, Any]], Iterable[Parsed]]) -> Iterator[Parsed]:
    """What `read` makes of each member of a list. One that it cannot read is `Broken`, and its neighbours go on."""
    for item in items(owner, key):
        try:
            yield from read(an_object(item))
        except SHAPE_ERRORS as error:
            yield broken(error, item, key)


def errors(value: Any) -> tuple[ProviderError, ...]:
    """Meta's `errors[]`: code, title or message, error_data.details. A lone one needs no list."""
    return tuple(
        ProviderError(
            code=text(error.get("code")),
            title=text(error.get("title")) or text(error.get("message")),
            details=text(mapping(error.get("error_data")).get("details")) or text(error.get("details")),
        )
        for error in (value if isinstance(value, list) else [value])
        if isinstance(error, dict)
    )


def broken(error: Exception, raw: Any, name: str) -> Broken:
    """An item of the list `name`, with a reason that a person can read: the traceback of any other error is logged."""
    if isinstance(error, Malformed):
        return Broken(f"{error} (in {name})"[:_LONGEST_REASON], raw)
    log.error("item_not_understood", part=name, exc_info=error)
    return Broken(f"it has a shape that is not known here (in {name})", raw)


_LONGEST_REASON = 500
