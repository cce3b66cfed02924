"""Queries of the inbox."""

from __future__ import annotations

from console import auth
from console.reading import reading
from core.accounts import users, visibility
from core.accounts.users import Colleague
from core.conversations import canned_responses, inbox_list, triage
from core.conversations.canned_responses import Saved
from core.conversations.inbox_list import InboxFilter, View
from core.messaging.contacts import duplicates, profile
from core.messaging.contacts.duplicates import Candidate
from core.messaging.contacts.profile import Profile
from core.platform.errors import NotFound
from core.replies import explanations
from core.replies.explanations import Explanation


def has_conversations() -> bool:
    """Return whether the business has any conversation."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return bool(inbox_list.page(session, InboxFilter(View.ALL), agent.id, None).rows)


def counts() -> dict[View, int]:
    """Return the number of open conversations per view."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return inbox_list.counts(session, visibility.seen_by(agent)).of(agent.id)


def next_waiting(after: int | None) -> int | None:
    """Return the next waiting conversation of this agent or of nobody, longest wait first.

    Continues after the given conversation with shorter waits, and wraps around.
    """
    agent = auth.require()
    with reading(agent.business_id) as session:
        return inbox_list.next_waiting(session, agent.id, after, visibility.seen_by(agent))


def contact(contact_id: int) -> Profile:
    """Return a contact. Raises `NotFound`, also if the viewer may not see it."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        visibility.require_contact(session, agent, contact_id)
        return profile.read(session, contact_id, visibility.seen_by(agent))


def explanation(message_id: int | None = None, run_id: int | None = None) -> Explanation | None:
    """Return why the bot wrote or suggests a message, None if no trace was recorded."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        try:
            if message_id:
                visibility.require_message(session, agent, message_id)
                return explanations.of_message(session, message_id)
            visibility.require_run(session, agent, run_id or 0)
            return explanations.of_draft(session, run_id or 0)
        except NotFound:
            return None


def candidates(contact_id: int, words: str) -> list[Candidate]:
    """Return merge candidates, or contacts matching the search; none for a contact that the viewer may not see."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        if not visibility.sees_contact(session, agent, contact_id):
            return []
        return duplicates.candidates(session, contact_id, words, visibility.seen_by(agent))


def tags() -> list[str]:
    """Return recently used tags, most used first."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return triage.known_tags(session)


def colleagues() -> list[Colleague]:
    """Return the agents that conversations can be assigned to."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return users.colleagues(session)


def replies() -> list[Saved]:
    """Return the saved replies."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return canned_responses.canned_responses(session)
