"""Pending replies: claim by lease, load the context, and finish only if the reply is still valid."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.catalog import quotes
from core.conversations import pending_draft
from core.conversations.lifecycle import hand_off
from core.messaging.outbound.enqueue import Draft, Refusal, queue_replies
from core.models import Conversation, ConversationStatus, Message, Mode, QuoteState, ReplyTurn, Sender, Severity
from core.models.message import ABOUT_ANOTHER
from core.platform import events
from core.platform.db import run
from core.platform.errors import OptedOut
from core.replies import context
from core.replies import runs as kept_runs
from core.replies.assistant import given_up
from core.replies.decision import HandOff, NothingOwed, Outcome, Reply, Silent
from core.replies.handoff_summary import summarise

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3  # after this many failed attempts the reply is handed off
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Turn:
    """A reply that only this worker may write, while `lease` lasts and no newer message arrives.

    `waited`: seconds from its first message until it was claimed.
    """

    conversation_id: int
    business_id: int
    latest_message_id: int
    attempts: int
    lease: uuid.UUID
    waited: float = 0.0


# An array is looked up once. A joined subquery may be evaluated for each row, with another limit each time.
_CLAIM = """
UPDATE reply_turns SET lease = %(lease)s, leased_until = now() + %(lease_for)s, attempts = attempts + 1
WHERE conversation_id = ANY(ARRAY(
    SELECT conversation_id FROM reply_turns
    WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now())
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING conversation_id, business_id, latest_message_id, attempts,
          extract(epoch FROM clock_timestamp() - first_message_at)::float AS waited
"""


def claim(session: Session, limit: int, lease_for: timedelta) -> list[Turn]:
    """Claim up to `limit` due replies that have no live lease."""
    lease = uuid.uuid4()
    rows = run(session, _CLAIM, {"lease": lease, "lease_for": lease_for, "limit": limit})
    return [
        Turn(row.conversation_id, row.business_id, row.latest_message_id, row.attempts, lease, row.waited)
        for row in rows
    ]


def renew(session: Session, held: Sequence[Turn], lease_for: timedelta) -> None:
    """Renew the leases of replies in progress."""
    values = {
        "lease_for": lease_for,
        "ids": [turn.conversation_id for turn in held],
        "leases": list({turn.lease for turn in held}),
    }
    run(session, _RENEW, values)


# A locked row is renewed next time: waiting for it would let the other leases expire.
_RENEW = """
UPDATE reply_turns SET leased_until = now() + %(lease_for)s
WHERE conversation_id IN (
    SELECT conversation_id FROM reply_turns
    WHERE conversation_id = ANY(%(ids)s::bigint[]) AND lease = ANY(%(leases)s::uuid[])
    FOR UPDATE SKIP LOCKED
)
"""


def look(session: Session, claimed: Sequence[Turn]) -> list[tuple[Turn, context.Standing | None]]:
    """Load the conversations of claimed replies together."""
    standings = context.standings(session, [turn.conversation_id for turn in claimed]) if claimed else {}
    return [(turn, standings.get(turn.conversation_id)) for turn in claimed]


def ready(turn: Turn, how: context.Standing | None) -> context.ReplyContext | None:
    """Fast path: build the reply context if nothing prevents answering; `prepare` handles every other case."""
    if how is None or how.mode != Mode.BOT or how.status == ConversationStatus.CLOSED or turn.attempts > MOST_ATTEMPTS:
        return None
    if how.opted_out:
        return None
    return context.cached_context(how)


def prepare(session: Session, turn: Turn) -> context.ReplyContext | None:
    """Return the reply context, or None if the bot must not answer: a person took over, or the conversation is closed.

    A reply that keeps failing is handed off.
    """
    how = context.standings(session, [turn.conversation_id]).get(turn.conversation_id)
    if how is None or how.mode != Mode.BOT or how.status == ConversationStatus.CLOSED:
        _drop(session, turn)
        return None
    if how.opted_out:  # sending to them is forbidden: do not ask a model
        hand_off(session, turn.business_id, turn.conversation_id, "opted_out", "nothing can be sent until they lift it")
        return None
    if turn.attempts > MOST_ATTEMPTS:
        _give_up(session, turn, how)
        return None
    briefing = context.load_context(session, how)
    if briefing is None and _taken_back(session, turn):
        _drop(session, turn)
        _settle(session, turn.business_id, turn.conversation_id)
    elif briefing is None:
        hand_off(session, turn.business_id, turn.conversation_id, "no_bot")
    elif briefing.must_wait:
        _postpone(session, turn, context.BUDGET_WAIT)
        return None
    return briefing


def _taken_back(session: Session, turn: Turn) -> bool:
    """Return whether the customer deleted their last message, so that nothing is left to answer."""
    newest = (
        select(Message.payload.has_key("revoked"))
        .where(
            Message.conversation_id == turn.conversation_id,
            Message.sender == Sender.CUSTOMER,
            Message.type.not_in(ABOUT_ANOTHER),
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    return bool(session.scalar(newest))


def _give_up(session: Session, turn: Turn, how: context.Standing) -> None:
    """Hand off a reply that failed repeatedly, with the apology customers get after a failure."""
    briefing = context.load_context(session, how)
    words = None if briefing is None else given_up(briefing.request)
    if words:
        apology = Draft({"type": "text", "text": words}, Sender.BOT, answers=False)
        (said,) = queue_replies(session, turn.business_id, {turn.conversation_id: apology})
        if isinstance(said, Exception):
            log.warning("apology_not_said", conversation_id=turn.conversation_id, reason=str(said))
    hand_off(session, turn.business_id, turn.conversation_id, "failure", "the bot could not finish an answer")


@dataclass(frozen=True, slots=True)
class Done:
    """A claimed reply with its outcome."""

    turn: Turn
    briefing: context.ReplyContext
    outcome: Outcome


def finish(session: Session, business_id: int, done: Sequence[Done]) -> list[bool]:
    """Send or hand off the replies that are still valid: lease held, no person took over, no newer message.

    The runs are recorded in any case, because they cost money. Return for each whether its outcome was used.
    """
    won = _win(session, done)
    counts = [one for one in done if one.turn in won]
    said = _say(session, business_id, counts)
    runs = []
    for one in done:
        if one.turn not in won:
            _give_back(session, one.turn)
            runs.append(kept_runs.of(one, "stale", None))
        elif kept := _conclude(session, one, said.get(one.turn.conversation_id)):
            runs.append(kept)
    kept_runs.record(session, business_id, runs)
    return [one.turn in won for one in done]


# Lock the conversation before its pending reply, in the same order as everywhere else.
_WIN = """
WITH wanted AS (
    SELECT * FROM unnest(%(conversations)s::bigint[], %(leases)s::uuid[], %(latest)s::bigint[])
    AS w (conversation, lease, latest)
), locked AS (
    SELECT id FROM conversations WHERE id = ANY(%(conversations)s::bigint[]) ORDER BY id FOR UPDATE
)
DELETE FROM reply_turns t USING wanted w, locked
WHERE t.conversation_id = locked.id AND w.conversation = locked.id AND t.lease = w.lease
  AND t.latest_message_id = w.latest
RETURNING t.conversation_id, t.lease
"""


def _win(session: Session, done: Sequence[Done]) -> set[Turn]:
    """Delete the pending replies that are still valid and return them."""
    values = {
        "conversations": [one.turn.conversation_id for one in done],
        "leases": [one.turn.lease for one in done],
        "latest": [one.turn.latest_message_id for one in done],
    }
    ended = {(conversation_id, lease) for conversation_id, lease in run(session, _WIN, values)}
    return {one.turn for one in done if (one.turn.conversation_id, one.turn.lease) in ended}


def _say(session: Session, business_id: int, done: Sequence[Done]) -> dict[int, list[int] | Refusal]:
    """Enqueue the bot's messages, by conversation."""
    drafts = {
        one.turn.conversation_id: Draft(
            content={"type": "text", "text": words}, sender=Sender.BOT, answers=isinstance(one.outcome, Reply)
        )
        for one in done
        if (words := _words(one.outcome))
    }
    return dict(zip(drafts, queue_replies(session, business_id, drafts), strict=True)) if drafts else {}


def _words(outcome: Outcome) -> str | None:
    match outcome:
        case Reply(draft=False) | HandOff():
            return outcome.text
    return None


def _conclude(session: Session, one: Done, said: list[int] | Refusal | None) -> dict[str, Any] | None:
    """Apply a valid outcome. Return the run to record.

    If the message can no longer be sent to this customer, the conversation is handed off.
    """
    turn, outcome = one.turn, one.outcome
    if isinstance(said, Exception) and not isinstance(said, OptedOut):
        hand_off(session, turn.business_id, turn.conversation_id, "not_sendable", str(said))
    elif not isinstance(said, Exception):
        _quote(session, one)
    message_id = said[0] if isinstance(said, list) else None
    match outcome:
        case Reply(draft=True):
            waits = summarise(one.briefing.request.turns, None)
            hand_off(session, turn.business_id, turn.conversation_id, "draft", "an answer waits for approval", waits)
            return kept_runs.of(one, pending_draft.PENDING, None, draft=outcome.text)
        case Reply():
            return kept_runs.of(one, "reply", message_id)
        case HandOff():
            hand_off(session, turn.business_id, turn.conversation_id, outcome.reason, outcome.detail, outcome.summary)
            return kept_runs.of(one, "handoff", message_id)
        case NothingOwed():
            _settle(session, turn.business_id, turn.conversation_id)
            return kept_runs.of(one, "nothing_owed", None)
        case Silent():
            hand_off(session, turn.business_id, turn.conversation_id, "bot_off")
            return None


def _settle(session: Session, business_id: int, conversation_id: int) -> None:
    """Record that nobody owes this customer an answer."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(waiting_since=None)
        .execution_options(**_QUIET)
    )
    events.notify(session, business_id, conversation_id)


def _quote(session: Session, one: Done) -> None:
    """Apply an answer's change of quotes. A quote that could not be sent to the customer is not created."""
    if not isinstance(one.outcome, Reply | HandOff) or one.outcome.quote is None:
        return
    turn, change = one.turn, one.outcome.quote
    quotes.apply(session, turn.business_id, turn.conversation_id, one.briefing.bot_id, change)
    if change.state == QuoteState.CONFIRMED and isinstance(one.outcome, Reply):
        words = f"A customer confirmed a quote: {change.summary}."
        notify(
            session,
            turn.business_id,
            "quote_confirmed",
            Severity.INFO,
            words,
            conversation_id=turn.conversation_id,
            data={"summary": change.summary},
        )


def _drop(session: Session, turn: Turn) -> None:
    session.execute(
        delete(ReplyTurn)
        .where(ReplyTurn.conversation_id == turn.conversation_id, ReplyTurn.lease == turn.lease)
        .execution_options(**_QUIET)
    )


def _postpone(session: Session, turn: Turn, wait: timedelta) -> None:
    """Postpone a reply: the bot's budget for this minute is spent, which is not a failure."""
    session.execute(
        update(ReplyTurn)
        .where(ReplyTurn.conversation_id == turn.conversation_id, ReplyTurn.lease == turn.lease)
        .values(lease=None, leased_until=None, attempts=0, due_at=func.now() + wait)
        .execution_options(**_QUIET)
    )


def _give_back(session: Session, turn: Turn) -> None:
    """Release a reply made stale by a newer message, without counting an attempt."""
    session.execute(
        update(ReplyTurn)
        .where(ReplyTurn.conversation_id == turn.conversation_id, ReplyTurn.lease == turn.lease)
        .values(lease=None, leased_until=None, attempts=0)
        .execution_options(**_QUIET)
    )
