"""Changed conversations as list rows, read once for all browsers of a business."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.components.inbox_list import row_data
from console.db import transaction
from core.accounts import visibility
from core.conversations import inbox_list
from core.conversations.inbox_list import View
from core.models import Sees


@dataclass(frozen=True, slots=True)
class News:
    """`rows` are list rows by conversation, `counts` each agent's conversations per view.

    `seen` are the conversations visible to each agent with limited visibility.
    """

    rows: dict[int, dict[str, Any]]
    counts: inbox_list.Counts
    seen: Mapping[int, Collection[int]] = field(default_factory=dict)

    def rows_of(self, agent_id: int) -> dict[int, dict[str, Any]]:
        """Return an agent's rows, with the views of their list that each belongs to.

        One that they do not see has only its id and no views: it may have been in their list a moment ago.
        """
        return {
            number: {**row, "views": _views(row, agent_id)}
            if self.is_seen(agent_id, number)
            else {"id": number, "views": []}
            for number, row in self.rows.items()
        }

    def is_seen(self, agent_id: int, conversation_id: int) -> bool:
        seen = self.seen.get(agent_id)
        return seen is None or conversation_id in seen


def _views(row: Mapping[str, Any], agent_id: int) -> list[View]:
    return [view for view in row["views"] if view is not View.MINE or row["agent"] == agent_id]


def read(business_id: int, conversation_ids: Collection[int], limited: Collection[int] = ()) -> News:
    """Read changed conversations. `limited` are connected agents with limited visibility. Raises `StoreUnavailable`."""
    with transaction(business_id) as session:
        rows = {row.id: {**row_data(row), "views": row.views} for row in inbox_list.rows(session, conversation_ids)}
        sees = visibility.setting(session) if limited else Sees.ALL
        if sees is Sees.ALL:
            return News(rows, inbox_list.counts(session))
        seen = visibility.seen_among(session, sees, limited, conversation_ids)
        return News(rows, inbox_list.counts_by(session, limited, sees), seen)
