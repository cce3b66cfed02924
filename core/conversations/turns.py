"""The bot's turns: claiming one by lease, what it needs to know, and finishing it only if it still counts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, delete, func, insert, text, update
from sqlalchemy.orm import Session

from core.ai.assistant import HandOff, Outcome, Reply, Silent
from core.channels.base import InvalidMessage
from core.conversations import context
from core.conversations.service import hand_off
from core.errors import BotHubError, OptedOut
from core.models import AIRun, ConversationStatus, Mode, ReplyTurn, Sender
from core.outbox.queue import Draft, queue_reply

MOST_ATTEMPTS = 3  # a turn whose worker died this often goes to a person instead
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer this worker alone may give, while `lease` lasts and nothing newer comes."""

    conversation_id: int
    business_id: int
    latest_message_id: int
    attempts: int
    lease: uuid.UUID


_CLAIM = text("""
UPDATE reply_turns SET lease = :lease, leased_until = now() + :lease_for, attempts = attempts + 1
WHERE conversation_id IN (
    SELECT conversation_id FROM reply_turns
    WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now())
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
RETURNING conversation_id, business_id, latest_message_id, attempts
""")


def claim(session: Session, limit: int, lease_for: timedelta) -> list[Turn]:
    """Take up to `limit` turns that are due and nobody works on."""
    lease = uuid.uuid4()
    rows = session.execute(_CLAIM, {"lease": lease, "lease_for": lease_for, "limit": limit})
    return [Turn(row.conversation_id, row.business_id, row.latest_message_id, row.attempts, lease) for row in rows]


def renew(session: Session, held: Sequence[Turn], lease_for: timedelta) -> None:
    """Keep the leases of turns that are still being thought about."""
    session.execute(
        _RENEW,
        {
            "lease_for": lease_for,
            "ids": [turn.conversation_id for turn in held],
            "leases": list({turn.lease for turn in held}),
        },
    )


# A turn that somebody holds at this moment is renewed next time: waiting for it would let the others run out.
_RENEW = text("""
UPDATE reply_turns SET leased_until = now() + :lease_for
WHERE conversation_id IN (
    SELECT conversation_id FROM reply_turns WHERE conversation_id = ANY(:ids) AND lease = ANY(:leases)
    FOR UPDATE SKIP LOCKED
)
""")


def look(session: Session, claimed: Sequence[Turn]) -> list[tuple[Turn, context.Standing | None]]:
    """How the conversations of claimed turns stand, read together."""
    standings = context.standings(session, [turn.conversation_id for turn in claimed]) if claimed else {}
    return [(turn, standings.get(turn.conversation_id)) for turn in claimed]


def ready(turn: Turn, how: context.Standing | None) -> context.Briefing | None:
    """What the bot needs to know, where nothing stands against answering; `prepare` sees to every other case."""
    if how is None or how.mode != Mode.BOT or how.status == ConversationStatus.CLOSED or turn.attempts > MOST_ATTEMPTS:
        return None
    return context.brief_from_memory(how)


def prepare(session: Session, turn: Turn) -> context.Briefing | None:
    """What the bot needs to know to answer, or None when it shall not: a person has the conversation, or it is closed.

    A turn that keeps failing goes to a person.
    """
    how = context.standings(session, [turn.conversation_id]).get(turn.conversation_id)
    if how is None or how.mode != Mode.BOT or how.status == ConversationStatus.CLOSED:
        _drop(session, turn)
        return None
    if turn.attempts > MOST_ATTEMPTS:
        hand_off(session, turn.business_id, turn.conversation_id, "failure", "the bot could not finish an answer")
        return None
    briefing = context.brief(session, how)
    if briefing is None:
        hand_off(session, turn.business_id, turn.conversation_id, "no_bot")
    elif briefing.must_wait:
        _postpone(session, turn, context.BUDGET_WAIT)
        return None
    return briefing


# The conversation is locked before its turn, as by everyone who takes both.
_WIN = text("""
WITH locked AS (SELECT id FROM conversations WHERE id = :conversation FOR UPDATE)
DELETE FROM reply_turns USING locked
WHERE conversation_id = locked.id AND lease = :lease AND latest_message_id = :latest
RETURNING conversation_id
""")


def finish(session: Session, turn: Turn, briefing: context.Briefing, outcome: Outcome) -> bool:
    """Speak, or hand over, if the turn still counts: the lease is ours, no person took over, nothing newer came.

    The run is recorded either way, for it cost money. Returns whether the outcome was used.
    """
    values = {"conversation": turn.conversation_id, "lease": turn.lease, "latest": turn.latest_message_id}
    won = session.execute(_WIN, values).one_or_none()
    if won is None:
        _give_back(session, turn)
        _record_run(session, turn, briefing, outcome, "stale", None)
        return False
    match outcome:
        case Reply(draft=True):
            hand_off(session, turn.business_id, turn.conversation_id, "draft", "an answer waits for approval")
            _record_run(session, turn, briefing, outcome, "draft", None)
        case Reply():
            message_id = _say(session, turn, outcome.text)
            _record_run(session, turn, briefing, outcome, "reply", message_id)
        case HandOff():
            message_id = _say(session, turn, outcome.text) if outcome.text else None
            hand_off(session, turn.business_id, turn.conversation_id, outcome.reason, outcome.detail)
            _record_run(session, turn, briefing, outcome, "handoff", message_id)
        case Silent():
            hand_off(session, turn.business_id, turn.conversation_id, "bot_off")
    return True


def _say(session: Session, turn: Turn, words: str) -> int | None:
    """Queue the bot's words. What cannot be said to this customer any more leaves them with a person."""
    draft = Draft(content={"type": "text", "text": words}, sender=Sender.BOT)
    try:
        return queue_reply(session, turn.business_id, turn.conversation_id, draft)[0]
    except OptedOut:
        return None
    except (BotHubError, InvalidMessage) as error:
        hand_off(session, turn.business_id, turn.conversation_id, "not_sendable", str(error))
        return None


def _drop(session: Session, turn: Turn) -> None:
    session.execute(
        delete(ReplyTurn)
        .where(ReplyTurn.conversation_id == turn.conversation_id, ReplyTurn.lease == turn.lease)
        .execution_options(**_QUIET)
    )


def _postpone(session: Session, turn: Turn, wait: timedelta) -> None:
    """The bot's budget for this minute is spent: the turn waits, it does not fail."""
    session.execute(
        update(ReplyTurn)
        .where(ReplyTurn.conversation_id == turn.conversation_id, ReplyTurn.lease == turn.lease)
        .values(lease=None, leased_until=None, attempts=0, due_at=func.now() + wait)
        .execution_options(**_QUIET)
    )


def _give_back(session: Session, turn: Turn) -> None:
    """A newer message made this answer stale: the turn is open again, and not because anything went wrong."""
    session.execute(
        update(ReplyTurn)
        .where(ReplyTurn.conversation_id == turn.conversation_id, ReplyTurn.lease == turn.lease)
        .values(lease=None, leased_until=None, attempts=0)
        .execution_options(**_QUIET)
    )


def _record_run(
    session: Session, turn: Turn, briefing: context.Briefing, outcome: Outcome, kind: str, message_id: int | None
) -> None:
    values = {
        "business_id": turn.business_id,
        "conversation_id": turn.conversation_id,
        "message_id": message_id,
        "bot_id": briefing.bot_id,
        "settings_version": briefing.settings_version,
        "outcome": kind,
        **context.run_columns(outcome.trace),
    }
    session.execute(_RUN, values)


_RUN = insert(cast(Table, AIRun.__table__))
