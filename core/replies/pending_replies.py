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
from core.messaging.outbound.enqueue import NewMessage, Refusal, enqueue_messages
from core.models import Conversation, ConversationStatus, Message, Mode, PendingReply, QuoteState, Sender, Severity
from core.models.message import ABOUT_ANOTHER
from core.platform import events
from core.platform.db import run
from core.replies import context
from core.replies import runs as reply_runs
from core.replies.assistant import apology_text
from core.replies.decision import BotOff, HandOff, NoReplyNeeded, Outcome, Reply
from core.replies.handoff_summary import summarise
from core.types import NO_SUMMARY, Summary

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3  # after this many failed attempts the reply is handed off


@dataclass(frozen=True, slots=True)
class ClaimedReply:
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
UPDATE pending_replies SET lease = %(lease)s, leased_until = now() + %(lease_for)s, attempts = attempts + 1
WHERE conversation_id = ANY(ARRAY(
    SELECT conversation_id FROM pending_replies
    WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now())
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING conversation_id, business_id, latest_message_id, attempts,
          extract(epoch FROM clock_timestamp() - first_message_at)::float AS waited
"""


def claim(session: Session, limit: int, lease_for: timedelta) -> list[ClaimedReply]:
    """Claim up to `limit` due replies that have no live lease."""
    lease = uuid.uuid4()
    rows = run(session, _CLAIM, {"lease": lease, "lease_for": lease_for, "limit": limit})
    return [
        ClaimedReply(row.conversation_id, row.business_id, row.latest_message_id, row.attempts, lease, row.waited)
        for row in rows
    ]


def renew(session: Session, held: Sequence[ClaimedReply], lease_for: timedelta) -> None:
    """Renew the leases of replies in progress."""
    values = {
        "lease_for": lease_for,
        "ids": [pending.conversation_id for pending in held],
        "leases": list({pending.lease for pending in held}),
    }
    run(session, _RENEW, values)


# A locked row is renewed next time: waiting for it would let the other leases expire.
_RENEW = """
UPDATE pending_replies SET leased_until = now() + %(lease_for)s
WHERE conversation_id IN (
    SELECT conversation_id FROM pending_replies
    WHERE conversation_id = ANY(%(ids)s::bigint[]) AND lease = ANY(%(leases)s::uuid[])
    FOR UPDATE SKIP LOCKED
)
"""


def load_snapshots(
    session: Session, claimed: Sequence[ClaimedReply]
) -> list[tuple[ClaimedReply, context.ConversationSnapshot | None]]:
    """Load the conversations of claimed replies together."""
    snapshots = context.load_snapshots(session, [pending.conversation_id for pending in claimed]) if claimed else {}
    return [(pending, snapshots.get(pending.conversation_id)) for pending in claimed]


def prepare(
    session: Session, pending: ClaimedReply, snapshot: context.ConversationSnapshot | None
) -> context.ReplyContext | None:
    """Return the reply context, or None if the bot must not answer: a person took over, or the conversation is closed.

    A reply that keeps failing is handed off. Usually it executes no statement, because this process remembers the rest.
    """
    if snapshot is None or snapshot.mode != Mode.BOT or snapshot.status == ConversationStatus.CLOSED:
        _discard(session, pending)
        return None
    if snapshot.opted_out:  # sending to them is forbidden: do not ask a model
        _hand_off(session, pending, "opted_out", "nothing can be sent until they lift it")
        return None
    if pending.attempts > MAX_ATTEMPTS:
        _hand_off_failed(session, pending, snapshot)
        return None
    reply_context = context.load_context(session, snapshot)
    if reply_context is None and _was_deleted(session, pending):
        _discard(session, pending)
        _clear_waiting(session, pending.conversation_id)
    elif reply_context is None:
        _hand_off(session, pending, "no_bot")
    elif reply_context.over_rate_budget:
        _release(session, pending, due_at=func.now() + context.BUDGET_WAIT)
        return None
    return reply_context


def _hand_off(
    session: Session, pending: ClaimedReply, reason: str, detail: str = "", summary: Summary = NO_SUMMARY
) -> None:
    hand_off(session, pending.conversation_id, reason, detail, summary)


def _was_deleted(session: Session, pending: ClaimedReply) -> bool:
    """Return whether the customer deleted their last message, so that nothing is left to answer."""
    newest = (
        select(Message.payload.has_key("revoked"))
        .where(
            Message.conversation_id == pending.conversation_id,
            Message.sender == Sender.CUSTOMER,
            Message.type.not_in(ABOUT_ANOTHER),
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    return bool(session.scalar(newest))


def _hand_off_failed(session: Session, pending: ClaimedReply, snapshot: context.ConversationSnapshot) -> None:
    """Hand off a reply that failed repeatedly, with the apology customers get after a failure."""
    reply_context = context.load_context(session, snapshot)
    words = None if reply_context is None else apology_text(reply_context.request)
    if words:
        apology = NewMessage({"type": "text", "text": words}, Sender.BOT, answers=False)
        (enqueued,) = enqueue_messages(session, {pending.conversation_id: apology})
        if isinstance(enqueued, Exception):
            log.warning("apology_not_said", conversation_id=pending.conversation_id, reason=str(enqueued))
    _hand_off(session, pending, "failure", "the bot could not finish an answer")


@dataclass(frozen=True, slots=True)
class CompletedReply:
    """A claimed reply with its outcome."""

    pending: ClaimedReply
    reply_context: context.ReplyContext
    outcome: Outcome


def finish(session: Session, done: Sequence[CompletedReply]) -> list[bool]:
    """Send or hand off the replies that are still valid: lease held, no person took over, no newer message.

    The runs are recorded in any case, because they cost money. Return for each whether its outcome was used.
    """
    valid = _take_valid(session, done)
    valid_replies = [one for one in done if one.pending in valid]
    enqueued = _enqueue(session, valid_replies)
    runs = []
    for one in done:
        if one.pending not in valid:
            _release(session, one.pending)
            runs.append(reply_runs.to_row(one, "stale", None))
        elif row := _apply_outcome(session, one, enqueued.get(one.pending.conversation_id)):
            runs.append(row)
    reply_runs.record(session, runs)
    return [one.pending in valid for one in done]


# Lock the conversation before its pending reply, in the same order as everywhere else.
_TAKE_VALID = """
WITH wanted AS (
    SELECT * FROM unnest(%(conversations)s::bigint[], %(leases)s::uuid[], %(latest)s::bigint[])
    AS w (conversation, lease, latest)
), locked AS (
    SELECT id FROM conversations WHERE id = ANY(%(conversations)s::bigint[]) ORDER BY id FOR UPDATE
)
DELETE FROM pending_replies t USING wanted w, locked
WHERE t.conversation_id = locked.id AND w.conversation = locked.id AND t.lease = w.lease
  AND t.latest_message_id = w.latest
RETURNING t.conversation_id, t.lease
"""


def _take_valid(session: Session, done: Sequence[CompletedReply]) -> set[ClaimedReply]:
    """Delete the pending replies that are still valid and return them."""
    values = {
        "conversations": [one.pending.conversation_id for one in done],
        "leases": [one.pending.lease for one in done],
        "latest": [one.pending.latest_message_id for one in done],
    }
    ended = {(conversation_id, lease) for conversation_id, lease in run(session, _TAKE_VALID, values)}
    return {one.pending for one in done if (one.pending.conversation_id, one.pending.lease) in ended}


def _enqueue(session: Session, done: Sequence[CompletedReply]) -> dict[int, list[int] | Refusal]:
    """Enqueue the bot's messages, by conversation."""
    drafts = {
        one.pending.conversation_id: NewMessage(
            content={"type": "text", "text": words}, sender=Sender.BOT, answers=isinstance(one.outcome, Reply)
        )
        for one in done
        if (words := _text(one.outcome))
    }
    return dict(zip(drafts, enqueue_messages(session, drafts), strict=True)) if drafts else {}


def _text(outcome: Outcome) -> str | None:
    match outcome:
        case Reply(draft=False) | HandOff():
            return outcome.text
    return None


def _apply_outcome(
    session: Session, one: CompletedReply, enqueued: list[int] | Refusal | None
) -> dict[str, Any] | None:
    """Apply a valid outcome. Return the run to record.

    If the message can no longer be sent to this customer, the conversation is handed off.
    """
    pending, outcome = one.pending, one.outcome
    if isinstance(enqueued, Exception) and getattr(enqueued, "code", "") != "opted_out":
        _hand_off(session, pending, "not_sendable", str(enqueued))
    elif not isinstance(enqueued, Exception):
        _quote(session, one)
    message_id = enqueued[0] if isinstance(enqueued, list) else None
    match outcome:
        case Reply(draft=True):
            summary = summarise(one.reply_context.request.turns, None)
            _hand_off(session, pending, "draft", "an answer waits for approval", summary)
            return reply_runs.to_row(one, pending_draft.PENDING, None, draft=outcome.text)
        case Reply():
            return reply_runs.to_row(one, "reply", message_id)
        case HandOff():
            _hand_off(session, pending, outcome.reason, outcome.detail, outcome.summary)
            return reply_runs.to_row(one, "handoff", message_id)
        case NoReplyNeeded():
            _clear_waiting(session, pending.conversation_id)
            return reply_runs.to_row(one, "nothing_owed", None)
        case BotOff():
            _hand_off(session, pending, "bot_off")
            return None


def _clear_waiting(session: Session, conversation_id: int) -> None:
    """Record that nobody owes this customer an answer."""
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(waiting_since=None))
    events.publish_change(session, conversation_id)


def _quote(session: Session, one: CompletedReply) -> None:
    """Apply an answer's change of quotes. A quote that could not be sent to the customer is not created."""
    if not isinstance(one.outcome, Reply | HandOff) or one.outcome.quote is None:
        return
    pending, change = one.pending, one.outcome.quote
    quotes.apply(session, pending.conversation_id, one.reply_context.bot_id, change)
    if change.state == QuoteState.CONFIRMED and isinstance(one.outcome, Reply):
        words = f"A customer confirmed a quote: {change.summary}."
        notify(
            session,
            "quote_confirmed",
            Severity.INFO,
            words,
            conversation_id=pending.conversation_id,
            data={"summary": change.summary},
        )


def _discard(session: Session, pending: ClaimedReply) -> None:
    session.execute(
        delete(PendingReply).where(
            PendingReply.conversation_id == pending.conversation_id, PendingReply.lease == pending.lease
        )
    )


def _release(session: Session, pending: ClaimedReply, **values: Any) -> None:
    """Give up the lease without counting an attempt: a newer message came, or the budget of the minute is spent."""
    session.execute(
        update(PendingReply)
        .where(PendingReply.conversation_id == pending.conversation_id, PendingReply.lease == pending.lease)
        .values(lease=None, leased_until=None, attempts=0, **values)
    )
