"""Assignment of conversations to teams."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.accounts import audit_log, teams
from core.conversations.lifecycle import add_event, lock_open


def assign_team(session: Session, conversation_id: int, team_id: int | None) -> None:
    """Assign a conversation to a team, or to none; its agent stays the same.

    Raises:
        NotFound: no such conversation or team.
        Conflict: it is closed.
    """
    conversation = lock_open(session, conversation_id)
    if conversation.team_id == team_id:
        return
    name = None if team_id is None else teams.lock(session, team_id).name
    conversation.team_id = team_id
    session.flush()
    add_event(session, conversation_id, conversation.channel_id, "team_changed", team=name)
    audit_log.record(session, "conversation.team", f"conversation:{conversation_id}", to=name)
