"""Copilot features that need no model."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import visibility
from core.bots.llm.configured import is_configured
from core.conversations.canned_responses import Saved
from core.replies import copilot_context


def can_write() -> bool:
    """Return whether a language model is configured."""
    return is_configured()


def likely_replies(conversation_id: int) -> list[Saved]:
    """Return the saved replies most like the customer's last message, best first. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        visibility.require(session, agent, conversation_id)
        return copilot_context.likely_replies(session, conversation_id)


def named_tags(conversation_id: int) -> list[str]:
    """Return the existing tags mentioned in the customer's messages. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        visibility.require(session, agent, conversation_id)
        return copilot_context.named_tags(session, conversation_id)
