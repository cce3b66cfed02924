"""What the copilot offers without a model."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import visibility
from core.bots.llm.configured import is_configured
from core.conversations.canned_responses import Saved
from core.replies import copilot_context


def can_write() -> bool:
    """Whether a language model is configured."""
    return is_configured()


def likely_replies(conversation_id: int) -> list[Saved]:
    """The saved replies most like what the customer wrote last, best first. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        visibility.require(session, agent, conversation_id)
        return copilot_context.likely_replies(session, conversation_id)


def named_tags(conversation_id: int) -> list[str]:
    """The tags in use that the customer's words name. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        visibility.require(session, agent, conversation_id)
        return copilot_context.named_tags(session, agent.business_id, conversation_id)
