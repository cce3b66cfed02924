"""Load the context of a copilot call, and record its cost."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.accounts import business_profile
from core.bots import usage, versions
from core.bots.llm import call_metrics
from core.bots.settings import BotSettings
from core.catalog.product_index import Item, products_of
from core.conversations import triage
from core.conversations.canned_responses import Saved, canned_responses
from core.models import AIRun, Channel, Conversation
from core.platform.errors import NotFound
from core.replies import context, transcript
from core.replies.decision import Trace
from core.text import matching
from core.types import BusinessFacts, Role, Turn

OUTCOME = "copilot"
_MAX_TURNS = 100
_MAX_REPLIES = 5
_MAX_TAGS = 3


@dataclass(frozen=True, slots=True)
class Material:
    """`bot_id` is None if no bot answers on the channel: the default settings apply.

    `items` is the catalogue. `over_rate_budget`: the bot has spent its budget.
    """

    conversation_id: int
    contact_id: int
    bot_id: int | None
    settings_version: int
    settings: BotSettings
    business: BusinessFacts
    turns: tuple[Turn, ...]
    tags: tuple[str, ...]
    items: tuple[Item, ...]
    over_rate_budget: bool


def load(session: Session, conversation_id: int) -> Material:
    """Load all inputs of a copilot call for a conversation. Raises `NotFound`."""
    row = session.execute(
        select(Conversation.contact_id, Channel.bot_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(Conversation.id == conversation_id)
    ).one_or_none()
    if row is None:
        raise NotFound(f"No conversation {conversation_id}.")
    version, settings = (0, BotSettings()) if row.bot_id is None else versions.current(session, row.bot_id)
    turns = transcript.turns_until(session, conversation_id, limit=_MAX_TURNS)
    return Material(
        conversation_id=conversation_id,
        contact_id=row.contact_id,
        bot_id=row.bot_id,
        settings_version=version,
        settings=settings,
        business=business_profile.read(session),
        turns=turns,
        tags=tuple(triage.known_tags(session)),
        items=products_of(session),
        over_rate_budget=row.bot_id is not None and _is_over_budget(session, row.bot_id, settings, turns),
    )


def _is_over_budget(session: Session, bot_id: int, settings: BotSettings, turns: tuple[Turn, ...]) -> bool:
    """Return whether the bot's budget for the minute or its money is spent."""
    fits = usage.fits(session, bot_id, settings, turns)
    return not fits or usage.is_money_spent(session, bot_id, settings)


def record(session: Session, material: Material, trace: Trace) -> None:
    """Record the call as a run of the bot, so that it counts in budget and cost."""
    session.execute(
        insert(AIRun).values(
            conversation_id=material.conversation_id,
            bot_id=material.bot_id,
            settings_version=material.settings_version,
            outcome=OUTCOME,
            **context.run_columns(trace),
        )
    )
    call_metrics.count_cost(trace.model, trace.cost)


def likely_replies(session: Session, conversation_id: int) -> list[Saved]:
    """Return the saved replies most similar to the customer's last messages, best first."""
    saved = canned_responses(session)
    text = _customer_text(session, conversation_id)
    texts = [f"{one.shortcut.replace('-', ' ').replace('_', ' ')} {one.text}" for one in saved]
    return [saved[place] for place, _ in matching.nearest(text, texts, _MAX_REPLIES)]


def named_tags(session: Session, conversation_id: int) -> list[str]:
    """Return the tags in use that occur in the customer's messages."""
    tags = triage.known_tags(session)
    return matching.named_in(_customer_text(session, conversation_id), tags, _MAX_TAGS)


def _customer_text(session: Session, conversation_id: int) -> str:
    """Return the customer's latest messages; the last ones suffice if the business has replied since."""
    turns = transcript.turns_until(session, conversation_id, limit=10)
    return "\n".join(turn.text for turn in turns if turn.role is Role.CUSTOMER)
