"""What a business's open lists are told of conversations that changed: read once, for all browsers."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from console.components.inbox_list import row_data
from console.store import transaction
from core.conversations import listing


@dataclass(frozen=True, slots=True)
class News:
    """`rows` are lines of the list by conversation, `counts` what each agent's views hold, `read_at` unix seconds."""

    read_at: float
    rows: dict[int, dict[str, Any]]
    counts: listing.Counts


def read(business_id: int, conversation_ids: Collection[int]) -> News:
    """Raises `StoreUnavailable`."""
    at = time.time()
    with transaction(business_id) as session:
        rows = {row.id: row_data(row) for row in listing.rows(session, conversation_ids)}
        return News(at, rows, listing.counts(session))
