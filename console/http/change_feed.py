"""What a business's open lists are told of conversations that changed: read once, for all browsers."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.components.inbox_list import row_data
from console.db import transaction
from core.accounts import visibility
from core.conversations import inbox_list
from core.models import Sees


@dataclass(frozen=True, slots=True)
class News:
    """`rows` are lines of the list by conversation, `counts` what each agent's views hold, `read_at` unix seconds.

    `seen` are the conversations that an agent sees who does not see all of them.
    """

    read_at: float
    rows: dict[int, dict[str, Any]]
    counts: inbox_list.Counts
    seen: Mapping[int, Collection[int]] = field(default_factory=dict)

    def rows_of(self, agent_id: int) -> dict[int, dict[str, Any]]:
        """What this agent is told of conversations: how one looks that they see, and that another is not in their list.

        Only its number is told of that one: a moment ago it may have been in their list.
        """
        return {number: row if self.is_seen(agent_id, number) else _gone(number) for number, row in self.rows.items()}

    def is_seen(self, agent_id: int, conversation_id: int) -> bool:
        seen = self.seen.get(agent_id)
        return seen is None or conversation_id in seen


def _gone(conversation_id: int) -> dict[str, Any]:
    return {"id": conversation_id, "gone": True}


def read(business_id: int, conversation_ids: Collection[int], limited: Collection[int] = ()) -> News:
    """`limited` are the agents there who do not see everything. Raises `StoreUnavailable`."""
    at = time.time()
    with transaction(business_id) as session:
        rows = {row.id: row_data(row) for row in inbox_list.rows(session, conversation_ids)}
        sees = visibility.setting(session, business_id) if limited else Sees.ALL
        if sees is Sees.ALL:
            return News(at, rows, inbox_list.counts(session))
        seen = visibility.seen_among(session, sees, limited, conversation_ids)
        return News(at, rows, inbox_list.counts_by(session, limited, sees), seen)
