"""Who is given a conversation that the bot hands over: the person who is there and has the fewest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Business
from core.platform.db import run
from core.platform.errors import BotHubError

# An open console shows itself once a minute, give or take its own check of half a minute (core.accounts.sessions).
ONLINE_FOR = timedelta(minutes=2)
MOST_OPEN_LIMIT = 500


class UnacceptableLimit(BotHubError):
    """A number of conversations that nobody can be given."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`automatic`: people who are there are given what the bot hands over, up to `most_open` conversations each."""

    automatic: bool
    most_open: int


@dataclass(frozen=True, slots=True)
class Owner:
    """An agent."""

    id: int
    name: str


def rules(session: Session, business_id: int) -> Rules:
    """What the business has decided."""
    row = session.execute(select(Business.auto_assign, Business.most_open).where(Business.id == business_id)).one()
    return Rules(*row)


def set_rules(session: Session, business_id: int, actor: str, wanted: Rules) -> None:
    """Decide anew, from the next hand-over on. Raises `UnacceptableLimit`."""
    if not 1 <= wanted.most_open <= MOST_OPEN_LIMIT:
        raise UnacceptableLimit(f"Choose a number from 1 to {MOST_OPEN_LIMIT}.")
    values = {"auto_assign": wanted.automatic, "most_open": wanted.most_open}
    session.execute(update(Business).where(Business.id == business_id).values(values))
    audit_log.record(session, business_id, actor, "business.assignment", f"business:{business_id}", **values)


def find(session: Session, business_id: int, conversation_id: int) -> Owner | None:
    """Who shall have this conversation, or None: nobody of its team is there with room for another.

    Whoever has it already keeps it while they are there. Otherwise the one with the fewest open conversations; with a
    team, of its members only. The agent is locked until commit and other hand-overs pass over those who are locked, so
    two at once go to two people without waiting for each other. Only when everyone is locked does one choose among
    them all the same: then an agent may get one more than the limit, which is better than a customer whom nobody has.
    """
    values = {"business": business_id, "conversation": conversation_id, "online_for": ONLINE_FOR}
    for lock in (_LOCK, ""):
        if found := run(session, _FIND + lock, values).one_or_none():
            return Owner(found.id, found.name)
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
WHERE c.id = %(conversation)s AND c.business_id = %(business)s
  AND (work.held < b.most_open OR a.id = c.assignee_id)
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
