"""Automatic assignment of handed-off conversations to the online agent with the fewest open ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Business
from core.platform.db import business_of, run
from core.platform.errors import Invalid

# An open console updates `last_seen_at` once a minute and polls every half minute (core.accounts.sessions).
ONLINE_FOR = timedelta(minutes=2)
MAX_OPEN_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """`automatic`: hand-offs are assigned to online agents, up to `max_open` open conversations each."""

    automatic: bool
    max_open: int


@dataclass(frozen=True, slots=True)
class Owner:
    """The agent who owns a conversation."""

    id: int
    name: str


def rules(session: Session) -> Rules:
    """Return the business's assignment rules."""
    query = select(Business.auto_assign, Business.max_open).where(Business.id == business_of(session))
    return Rules(*session.execute(query).one())


def set_rules(session: Session, new: Rules) -> None:
    """Change the rules, effective from the next hand-off. Raises `Invalid`."""
    if not 1 <= new.max_open <= MAX_OPEN_LIMIT:
        raise Invalid("invalid_limit", f"Choose a number from 1 to {MAX_OPEN_LIMIT}.")
    changed = update(Business).where(Business.id == business_of(session))
    session.execute(changed.values(auto_assign=new.automatic, max_open=new.max_open))
    audit_log.record(
        session, "business.assignment", f"business:{business_of(session)}", auto_assign=new.automatic,
        max_open=new.max_open,
    )  # fmt: skip


def pick_agent(session: Session, conversation_id: int) -> Owner | None:
    """Return the agent to assign, or None if no agent of its team is online and below the limit.

    The current owner is preferred while online, then the agent with the fewest open conversations; of a conversation
    with a team, only its members. The agent's row stays locked until commit and concurrent hand-offs skip locked rows,
    so they pick different agents without waiting. If all are locked, the lock is ignored: an agent may then exceed the
    limit by one, which is better than a customer without an agent.
    """
    values = {"conversation": conversation_id, "online_for": ONLINE_FOR}
    for lock in (_LOCK, ""):
        if agent := run(session, _FIND + lock, values).one_or_none():
            return Owner(agent.id, agent.name)
    return None


_FIND = """
SELECT a.id, a.name
FROM conversations c
JOIN businesses b ON b.id = c.business_id AND b.auto_assign
JOIN agents a ON a.business_id = c.business_id AND a.disabled_at IS NULL
CROSS JOIN LATERAL (
    SELECT count(*) AS held FROM conversations o
    WHERE o.business_id = c.business_id AND o.assignee_id = a.id AND o.status = 'open' AND o.mode = 'human'
      AND o.id <> c.id
) work
WHERE c.id = %(conversation)s
  AND (work.held < b.max_open OR a.id = c.assignee_id)
  AND (c.team_id IS NULL OR a.id = c.assignee_id
       OR EXISTS (SELECT FROM team_members m WHERE m.team_id = c.team_id AND m.agent_id = a.id))
  AND EXISTS (
      SELECT FROM agent_tokens t
      WHERE t.agent_id = a.id AND t.kind = 'session' AND t.ended_at IS NULL AND t.expires_at > now()
        AND t.last_seen_at > now() - %(online_for)s
  )
ORDER BY a.id IS NOT DISTINCT FROM c.assignee_id DESC, work.held, a.id
LIMIT 1
"""
_LOCK = "FOR NO KEY UPDATE OF a SKIP LOCKED"
