"""Customer satisfaction: request a rating when a conversation closes, and recognise the answer."""

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
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Channel, Conversation, Message, MessageStatus, Sender, Severity
from core.platform.db import run
from core.platform.errors import BotHubError, Conflict
from core.text.normalize import LanguageCode, guess_language

log = structlog.get_logger(__name__)

UNDO_WINDOW = timedelta(seconds=25)  # slightly longer than the console's undo offer
_KEY = "rating:"
ANSWER_WITHIN = timedelta(hours=24)
LOW_SCORE = 2  # the team is notified of this score or a lower one
_SCORE = re.compile(
    r"(?:(?:una?|uma?|an?)\s+)?([1-5])(?:\s*(?:/|de|of|out of)\s*5)?"
    r"(?:\s*(?:estrellas?|stars?|estrelas?|[⭐★]))?\s*[.!]*"
)
_STARS = re.compile(r"(?:[⭐★]\ufe0f?\s*){1,5}")


def parse_score(words: str) -> int | None:
    """Return the score from 1 to 5 that a short answer gives, None for any other text."""
    answer = words.strip().casefold().replace("\ufe0f\u20e3", "")
    if found := _SCORE.fullmatch(answer):
        return int(found[1])
    if _STARS.fullmatch(answer):
        return sum(answer.count(star) for star in "⭐★")
    return None


def request_rating(session: Session, conversation: Conversation) -> bool:
    """Request a rating for a conversation about to close, if the bot's settings ask for one. Returns whether it was.

    Not requested where the customer wrote nothing, has rated or was asked already, or may not be written to now.
    """
    settings = _settings(session, conversation.channel_id)
    if settings is None or not settings.ask_rating or conversation.csat_requested_at is not None:
        return False
    last_text = session.scalar(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.sender == Sender.CUSTOMER)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    if last_text is None:
        return False
    question = settings.rating_message.in_language(_language(settings, last_text))
    try:
        draft = NewMessage(
            {"type": "text", "text": question},
            Sender.SYSTEM,
            idempotency_key=f"{_KEY}{conversation.id}:{uuid4()}",
            send_at=datetime.now(UTC) + UNDO_WINDOW,
        )
        enqueue_message(session, conversation.id, draft)
    except (BotHubError, InvalidMessage) as refusal:
        log.info("rating_not_asked", conversation_id=conversation.id, reason=type(refusal).__name__)
        return False
    conversation.csat_requested_at = func.now()
    session.flush()
    return True


def withdraw_request(session: Session, conversation: Conversation) -> None:
    """Cancel the rating request of a reopened conversation, unless it was sent already."""
    questions = session.scalars(
        select(Message.id)
        .where(Message.conversation_id == conversation.id, Message.status == MessageStatus.QUEUED)
        .where(Message.idempotency_key.startswith(_KEY))
    ).all()
    for message_id in questions:
        try:
            manual_retry.cancel(session, message_id)
        except Conflict:  # sent already
            continue
        conversation.csat_requested_at = None
    session.flush()


def _settings(session: Session, channel_id: int) -> BotSettings | None:
    bot_id = session.scalar(select(Channel.bot_id).where(Channel.id == channel_id))
    return None if bot_id is None else versions.current(session, bot_id)[1]


def _language(settings: BotSettings, sample: str) -> LanguageCode:
    return guess_language(sample) if settings.language == "auto" else settings.language


@dataclass(frozen=True, slots=True)
class CustomerText:
    """A text that a customer wrote, with its channel and time."""

    channel_id: int
    contact_id: int
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """A score and the conversation it is about."""

    conversation_id: int
    score: int


def match_answers(session: Session, texts: Sequence[CustomerText | None]) -> list[Rating | None]:
    """Match texts to rating requests: a score within 24 hours of the request, with no open conversation."""
    scored = [(number, one, stars) for number, one in enumerate(texts) if one and (stars := parse_score(one.words))]
    found: list[Rating | None] = [None] * len(texts)
    if not scored:
        return found
    rows = run(
        session,
        _REQUESTS,
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


_REQUESTS = """
SELECT DISTINCT ON (reply.number) reply.number, c.id
FROM unnest(%(numbers)s::bigint[], %(channels)s::bigint[], %(contacts)s::bigint[], %(moments)s::timestamptz[])
     AS reply (number, channel, contact, at)
JOIN conversations c ON c.channel_id = reply.channel AND c.contact_id = reply.contact
WHERE c.status = 'closed' AND c.csat IS NULL AND c.csat_requested_at > reply.at - %(within)s::interval
  AND NOT EXISTS (
    SELECT FROM conversations o
    WHERE o.channel_id = c.channel_id AND o.contact_id = c.contact_id AND o.status <> 'closed'
  )
ORDER BY reply.number, c.csat_requested_at DESC
"""


def save(session: Session, ratings: Iterable[Rating]) -> None:
    """Store each conversation's first score and notify the team of low ones."""
    for one in ratings:
        saved = session.execute(_SAVE, {"id": one.conversation_id, "score": one.score}).one_or_none()
        if saved is None:
            continue
        lifecycle.add_event(session, one.conversation_id, saved.channel_id, "rated", score=one.score)
        if one.score <= LOW_SCORE:
            words = f"A customer rated a conversation {one.score} of 5."
            notify(
                session,
                "low_rating",
                Severity.WARNING,
                words,
                conversation_id=one.conversation_id,
                data={"score": one.score},
            )


_SAVE = text("UPDATE conversations SET csat = :score WHERE id = :id AND csat IS NULL RETURNING channel_id")
