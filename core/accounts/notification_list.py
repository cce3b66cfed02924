"""Notification list of the console and the read state of each agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.accounts import notification_texts, visibility
from core.accounts.visibility import Viewer
from core.models import Agent, Sees
from core.platform.db import business_of, run

PAGE = 50
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A notification in the reader's language. `late`: not yet accepted by every service of NOTIFY_URLS."""

    id: int
    kind: str
    severity: str
    cleared: bool
    words: str
    conversation_id: int | None
    customer: str
    created_at: datetime
    late: bool


def listed(
    session: Session, language: str, before: int | None = None, viewer: Viewer | None = None
) -> list[NoticeFacts]:
    """Return a page of notifications, newest first, before an id if given.

    Those of a conversation that the viewer does not see are left out.
    """
    values = {"business": business_of(session), "before": before, "limit": PAGE}
    return [
        NoticeFacts(
            id=row.id,
            kind=row.kind,
            severity=row.severity,
            cleared=bool(row.data.get("cleared")),
            words=notification_texts.sentence(language, row.kind, row.data, row.text, row.customer),
            conversation_id=row.conversation_id,
            customer=row.customer,
            created_at=row.created_at,
            late=row.late,
        )
        for row in run(session, _LISTED.format(seen=_seen(viewer)), values)
    ]


_LISTED = """
SELECT n.id, n.kind, n.severity, n.text, n.data, n.conversation_id, n.created_at,
    n.attempts > 0 AND n.sent_at IS NULL AS late, coalesce(nullif(k.name, ''), i.address, '') AS customer
FROM notifications n
LEFT JOIN conversations ON conversations.id = n.conversation_id
LEFT JOIN contacts k ON k.id = conversations.contact_id
LEFT JOIN contact_identities i ON i.id = conversations.identity_id
WHERE n.business_id = %(business)s AND (%(before)s::bigint IS NULL OR n.id < %(before)s){seen}
ORDER BY n.id DESC LIMIT %(limit)s
"""


def read_up_to(session: Session, agent_id: int) -> int:
    """Return the id of the latest notification that the agent has read; 0 for none."""
    return session.scalar(select(Agent.notices_read).where(Agent.id == agent_id)) or 0


def unread(session: Session, agent_id: int, viewer: Viewer | None = None) -> int:
    """Count the agent's unread notifications since their account was created, up to `MOST_COUNTED`."""
    statement = _UNREAD.format(seen=_seen(viewer))
    return int(run(session, statement, {"agent": agent_id, "most": MOST_COUNTED}).scalar_one())


_UNREAD = """
SELECT count(*) FROM (
    SELECT FROM notifications n JOIN agents a ON a.id = %(agent)s
    WHERE n.business_id = a.business_id AND n.id > a.notices_read AND n.created_at >= a.created_at{seen} LIMIT %(most)s
) AS new
"""


def _seen(viewer: Viewer | None) -> str:
    """Return the visibility condition; empty for viewers who see every conversation."""
    if viewer is None or viewer.sees is Sees.ALL:
        return ""
    conversation = "SELECT FROM conversations WHERE conversations.id = n.conversation_id"
    return f" AND (n.conversation_id IS NULL OR EXISTS ({conversation} AND ({visibility.sql(viewer)})))"


def mark_read(session: Session, agent_id: int, up_to: int) -> None:
    """Mark all notifications up to this id as read by the agent."""
    session.execute(
        update(Agent)
        .where(Agent.id == agent_id)
        .values(notices_read=func.greatest(Agent.notices_read, up_to))
        .execution_options(synchronize_session=False)
    )
