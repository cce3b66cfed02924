"""What the inbox reads."""

from __future__ import annotations

from console import auth
from console.app_pages.inbox import conversation_queries
from console.app_pages.inbox.conversation_queries import Opened
from console.reading import reading
from core.accounts import users, visibility
from core.accounts.users import Colleague
from core.conversations import canned_responses, inbox_list, triage
from core.conversations.canned_responses import Saved
from core.conversations.inbox_list import Cursor, InboxFilter, Page, View
from core.messaging.contacts import duplicates
from core.messaging.contacts.duplicates import Candidate
from core.platform.errors import NotFound
from core.replies import explanations
from core.replies.explanations import Explanation


def page(wanted: InboxFilter, after: Cursor | None) -> Page:
    """The conversations somebody wants to see, from a place in the list on."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return inbox_list.page(session, agent.business_id, wanted, agent.id, after, seen=visibility.seen_by(agent))


def has_conversations() -> bool:
    """Whether anybody ever wrote, or was written to."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return bool(inbox_list.page(session, agent.business_id, InboxFilter(View.ALL), agent.id, None).rows)


def counts() -> dict[View, int]:
    """How many open conversations each view holds."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return inbox_list.counts(session, visibility.seen_by(agent)).of(agent.id)


def next_waiting(after: int | None) -> int | None:
    """The next customer who waits for this agent: their own and nobody's, whoever has waited longest first.

    From the conversation named it goes on to those who have waited less long, and from the last to the first again.
    """
    agent = auth.require()
    with reading(agent.business_id) as session:
        return inbox_list.next_waiting(session, agent.id, after, visibility.seen_by(agent))


def conversation(conversation_id: int, limit: int, *, templated: bool = False) -> Opened | None:
    """What is shown of one; None when there is no such one in this business, or they do not see it."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        try:
            return conversation_queries.read(session, agent, conversation_id, limit, templated=templated)
        except NotFound:
            return None


def explanation(message_id: int | None = None, run_id: int | None = None) -> Explanation | None:
    """Why the bot wrote a message, or suggests one; None when nothing was kept."""
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
    """Who may be the same person, or whoever is found by these words; nobody for a customer whom they do not see."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        if not visibility.sees_contact(session, agent, contact_id):
            return []
        return duplicates.candidates(session, agent.business_id, contact_id, words, visibility.seen_by(agent))


def tags() -> list[str]:
    """The tags in use lately, most used first."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return triage.known_tags(session, agent.business_id)


def colleagues() -> list[Colleague]:
    """Who conversations can be given to."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return users.colleagues(session)


def replies() -> list[Saved]:
    """The saved replies that the composer offers."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return canned_responses.saved_replies(session)
