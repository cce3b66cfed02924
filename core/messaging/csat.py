"""How satisfied a customer was: asking when a conversation closes, and hearing the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.bots import versions
from core.bots.settings import BotSettings
from core.channels.types import InvalidMessage
from core.conversations import lifecycle
from core.messaging.outbound import manual_retry
from core.messaging.outbound.enqueue import Draft, queue_reply
from core.models import Channel, Conversation, Message, MessageStatus, Sender, Severity
from core.platform.db import run
from core.platform.errors import BotHubError, Conflict
from core.text.normalize import LanguageCode, guess_language

log = structlog.get_logger(__name__)

TAKE_BACK_WITHIN = timedelta(seconds=25)  # a little longer than the console offers to undo a closing
_KEY = "rating:"
ANSWER_WITHIN = timedelta(hours=24)
LOW = 2  # this score or a lower one is told to the team
_SCORE = re.compile(
    r"(?:(?:una?|uma?|an?)\s+)?([1-5])(?:\s*(?:/|de|of|out of)\s*5)?"
    r"(?:\s*(?:estrellas?|stars?|estrelas?|[⭐★]))?\s*[.!]*"
)
_STARS = re.compile(r"(?:[⭐★]\ufe0f?\s*){1,5}")


def score(words: str) -> int | None:
    """The score from 1 to 5 that a short answer gives, None when it says anything else."""
    said = words.strip().casefold().replace("\ufe0f\u20e3", "")
    if found := _SCORE.fullmatch(said):
        return int(found[1])
    if _STARS.fullmatch(said):
        return sum(said.count(star) for star in "⭐★")
    return None


def ask(session: Session, business_id: int, conversation: Conversation) -> bool:
    """Ask the customer of a conversation that is about to close, where the bot's settings want it.

    Nobody is asked who wrote nothing, has rated or was asked this conversation, or may not be written to now.
    """
    settings = _settings(session, conversation.channel_id)
    if settings is None or not settings.ask_rating or conversation.rating_asked_at is not None:
        return False
    said = session.scalar(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.sender == Sender.CUSTOMER)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    if said is None:
        return False
    question = settings.rating_message.in_language(_language(settings, said))
    try:
        draft = Draft(
            {"type": "text", "text": question},
            Sender.SYSTEM,
            idempotency_key=f"{_KEY}{conversation.id}:{uuid4()}",
            send_at=datetime.now(UTC) + TAKE_BACK_WITHIN,
        )
        queue_reply(session, business_id, conversation.id, draft)
    except (BotHubError, InvalidMessage) as refusal:
        log.info("rating_not_asked", conversation_id=conversation.id, reason=type(refusal).__name__)
        return False
    conversation.rating_asked_at = func.now()
    session.flush()
    return True


def take_back(session: Session, business_id: int, conversation: Conversation, actor: str) -> None:
    """The conversation is open again after all: a question that has not gone out is not asked."""
    questions = session.scalars(
        select(Message.id)
        .where(Message.conversation_id == conversation.id, Message.status == MessageStatus.QUEUED)
        .where(Message.idempotency_key.startswith(_KEY))
    ).all()
    for message_id in questions:
        try:
            manual_retry.cancel(session, business_id, message_id, actor)
        except Conflict:  # it is with the customer already
            continue
        conversation.rating_asked_at = None
    session.flush()


def _settings(session: Session, channel_id: int) -> BotSettings | None:
    bot_id = session.scalar(select(Channel.bot_id).where(Channel.id == channel_id))
    return None if bot_id is None else versions.current(session, bot_id)[1]


def _language(settings: BotSettings, said: str) -> LanguageCode:
    return guess_language(said) if settings.language == "auto" else settings.language


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer wrote, on which channel and when."""

    channel_id: int
    contact_id: int
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """The conversation that a score is about."""

    conversation_id: int
    score: int


def answers(session: Session, said: Sequence[Said | None]) -> list[Rating | None]:
    """Which of these are the answer to our question: a score, within a day of it, where no conversation is open."""
    scored = [(number, one, stars) for number, one in enumerate(said) if one and (stars := score(one.words))]
    found: list[Rating | None] = [None] * len(said)
    if not scored:
        return found
    rows = run(
        session,
        _ASKED,
        {
            "numbers": [number for number, _, _ in scored],
            "channels": [one.channel_id for _, one, _ in scored],
            "contacts": [one.contact_id for _, one, _ in scored],
            "moments": [one.at for _, one, _ in scored],
            "within": ANSWER_WITHIN,
        },
    )
    stars_of = {number: stars for number, _, stars in scored}
    for number, conversation_id in rows:
        found[number] = Rating(conversation_id, stars_of[number])
    return found


_ASKED = """
SELECT DISTINCT ON (said.number) said.number, c.id
FROM unnest(%(numbers)s::bigint[], %(channels)s::bigint[], %(contacts)s::bigint[], %(moments)s::timestamptz[])
     AS said (number, channel, contact, at)
JOIN conversations c ON c.channel_id = said.channel AND c.contact_id = said.contact
WHERE c.status = 'closed' AND c.csat IS NULL AND c.rating_asked_at > said.at - %(within)s::interval
  AND NOT EXISTS (
    SELECT FROM conversations o
    WHERE o.channel_id = c.channel_id AND o.contact_id = c.contact_id AND o.status <> 'closed'
  )
ORDER BY said.number, c.rating_asked_at DESC
"""


def keep(session: Session, business_id: int, ratings: Iterable[Rating]) -> None:
    """Store scores, each conversation's first. The team hears of low ones."""
    for one in ratings:
        kept = session.execute(_KEEP, {"id": one.conversation_id, "score": one.score}).one_or_none()
        if kept is None:
            continue
        lifecycle.add_event(session, business_id, one.conversation_id, kept.channel_id, "rated", score=one.score)
        if one.score <= LOW:
            words = f"A customer rated a conversation {one.score} of 5."
            notify(
                session,
                business_id,
                "low_rating",
                Severity.WARNING,
                words,
                conversation_id=one.conversation_id,
                data={"score": one.score},
            )


_KEEP = text("UPDATE conversations SET csat = :score WHERE id = :id AND csat IS NULL RETURNING channel_id")
