"""Limits of one webhook body of Meta's.

Meta sends at most 3 MB and 1,000 updates at once (Webhooks, "Getting started"), except for a number's history, of which
one body holds thousands of messages. A larger body does not come from Meta as documented, and parsing it item by item
would delay every other event.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

MOST_UPDATES = 2000  # of each kind (entries, changes, messages, statuses, contacts, errors …): twice what Meta says
MOST_OLD = 12_000  # messages of a number's history: as many short ones as 3 MB hold
_OLD = "old messages"
_MOST_VALUES = 200_000  # values of any kind; a thousand messages have about 20,000
_MAX_DEPTH = 64  # levels of nesting; a message has about ten
# These lists hold message content, whose own lists (shared cards, ordered products) are no updates.
_CONTENT = frozenset({"messages", _OLD, "message_echoes", "contacts"})


def excess(document: Any) -> str | None:
    """Return which limit a body exceeds, as readable text; None when it is within bounds. Takes bounded time."""
    updates: Counter[str] = Counter()
    values = 0
    level: list[tuple[str | None, Any]] = [("", document)]  # with its list of updates; None: content
    for _ in range(_MAX_DEPTH):
        below: list[tuple[str | None, Any]] = []
        for name, value in level:
            values += len(value) if isinstance(value, dict | list) else 0
            if values > _MOST_VALUES:
                return f"more than {_MOST_VALUES:,} values"
            if isinstance(value, list) and name is not None:
                updates[name] += len(value)
                most = MOST_OLD if name == _OLD else MOST_UPDATES
                if updates[name] > most:
                    return f"more than {most:,} {name or 'updates'}"
            below += _inside(name, value)
        if not below:
            return None
        level = below
    return "nested too deeply"


def _inside(name: str | None, value: Any) -> list[tuple[str | None, Any]]:
    if isinstance(value, dict):
        return [(_of_list(name, key), one) for key, one in value.items() if isinstance(one, dict | list)]
    if isinstance(value, list):
        inside = None if name in _CONTENT else name
        return [(inside, one) for one in value if isinstance(one, dict | list)]
    return []


def _of_list(name: str | None, key: str) -> str | None:
    """Return the list whose limit applies to a key's updates, within an object of the list `name`."""
    if name is None:
        return None
    return _OLD if (name, key) == ("threads", "messages") else key
