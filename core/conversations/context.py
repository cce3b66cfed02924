"""What the bot is told about a conversation, and what of its run is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ai import budget
from core.ai.assistant import ComposeRequest, Trace
from core.ai.prices import PriceTable, load_prices
from core.ai.prompt import BusinessFacts, Role, Turn
from core.config import get_settings
from core.conversations import bots
from core.models import AIRun, Business, Channel, Conversation, Direction, Message, Sender

_NOT_SAID = ("event", "reaction", "edit", "revoke", "system")
_READABLE_WITHOUT_WORDS = frozenset({"text", "location", "contacts", "interactive", "button", "order"})
_ROLES = {Sender.CUSTOMER: Role.CUSTOMER, Sender.BOT: Role.BOT, Sender.AGENT: Role.AGENT}


@dataclass(frozen=True, slots=True)
class Briefing:
    """A question for the assistant, and what of it is recorded with the run. `read_up_to` is the customer's newest."""

    request: ComposeRequest
    bot_id: int
    settings_version: int
    channel_id: int
    read_up_to: str | None
    must_wait: bool


def brief(session: Session, conversation: Conversation) -> Briefing | None:
    """All that a decision depends on, or None if the channel has no bot or nothing was said."""
    channel = session.get_one(Channel, conversation.channel_id)
    if channel.bot_id is None:
        return None
    version, settings = bots.current(session, channel.bot_id)
    messages = _latest(session, conversation.id, settings.context_messages)
    turns = tuple(_turn(message) for message in messages if message.sender in _ROLES)
    if not turns or turns[-1].role is not Role.CUSTOMER:
        return None
    request = ComposeRequest(
        settings=settings,
        business=_facts(session, conversation.business_id),
        turns=turns,
        prices=prices(),
        bot_ref=f"bot-{channel.bot_id}",
        contact_ref=f"contact-{conversation.contact_id}",
        replies_in_a_row=conversation.bot_turns,
    )
    inbound = [message for message in messages if message.direction == Direction.INBOUND]
    return Briefing(
        request=request,
        bot_id=channel.bot_id,
        settings_version=version,
        channel_id=channel.id,
        read_up_to=inbound[-1].provider_id if inbound else None,
        must_wait=not _within_budget(session, channel.bot_id, request),
    )


def _latest(session: Session, conversation_id: int, limit: int) -> list[Message]:
    """The last messages in the order they arrived; what a customer wrote in one go, in the provider's order.

    Arrival decides between the sides: the provider counts whole seconds, so a quick answer can carry an older time.
    """
    newest_first = session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.type.not_in(_NOT_SAID))
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
    ordered: list[Message] = []
    for _, run in groupby(reversed(newest_first), key=lambda message: message.sender):
        ordered += sorted(run, key=lambda message: (message.created_at, message.id))
    return ordered


def _turn(message: Message) -> Turn:
    words = message.text if message.type == "text" else f"[{message.type}] {message.text}".strip()
    readable = bool(message.text.strip()) or message.type in _READABLE_WITHOUT_WORDS
    return Turn(_ROLES[Sender(message.sender)], words, message.created_at, readable)


def _facts(session: Session, business_id: int) -> BusinessFacts:
    business = session.get_one(Business, business_id)
    profile = business.profile
    return BusinessFacts(
        name=business.name,
        time_zone=business.timezone,
        sector=profile.get("sector", ""),
        hours=profile.get("hours", ""),
        phone=profile.get("phone", ""),
        website=profile.get("website", ""),
        tags=tuple(profile.get("tags", ())),
        satisfaction=profile.get("satisfaction"),
    )


def _within_budget(session: Session, bot_id: int, request: ComposeRequest) -> bool:
    settings = request.settings
    if settings.requests_per_minute is None and settings.tokens_per_minute is None:
        return True
    row = session.execute(
        select(
            func.count(AIRun.model),
            func.coalesce(func.sum(func.coalesce(AIRun.input_tokens, 0) + func.coalesce(AIRun.output_tokens, 0)), 0),
        ).where(AIRun.bot_id == bot_id, AIRun.created_at > func.now() - budget.WINDOW)
    ).one()
    estimate = settings.max_output_tokens + sum(len(turn.text) for turn in request.turns) // 4
    return budget.fits(settings, budget.Spent(requests=row[0], tokens=int(row[1])), estimate)


@lru_cache(maxsize=1)
def prices() -> PriceTable:
    """The dated price table, with the installation's own `prices.json` over it."""
    override = get_settings().data_dir.expanduser() / "prices.json"
    return load_prices(override if override.exists() else None)


def run_columns(trace: Trace) -> dict[str, Any]:
    """A run's columns. What has a column of its own is not repeated in `trace`."""
    usage = trace.usage
    kept = {
        "passages": [asdict(passage) for passage in trace.passages],
        "sources": list(trace.sources),
        "unknown_sources": list(trace.unknown_sources),
        "confidence": dict(trace.confidence),
        "topics": list(trace.topics),
        "sentiment": trace.sentiment,
        "language": trace.language,
        "request_id": trace.request_id,
        "prompt_tokens": trace.prompt_tokens,
        "raw_reply": trace.raw_reply,
    }
    return {
        "prompt_version": trace.prompt_version or "",
        "decided_by": str(trace.decided_by),
        "model": trace.model,
        "confidence": trace.confidence.get("model"),
        "input_tokens": usage.input if usage else None,
        "cached_tokens": usage.cached if usage else None,
        "output_tokens": usage.output if usage else None,
        "cost_usd": trace.cost,
        "latency_ms": trace.latency_ms,
        "error": trace.error,
        "trace": kept,
    }


BUDGET_WAIT = timedelta(seconds=5)
