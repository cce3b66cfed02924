"""Retry, cancel or confirm unsent messages on request of an agent or an API client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.channels.kinds import REPLY_WINDOWS
from core.channels.types import Cause
from core.messaging.outbound import status, waiting
from core.models import Channel, ChannelState, ContactIdentity, Conversation, Delivery, Message, MessageStatus
from core.platform import events
from core.platform.config import get_settings
from core.platform.db import business_of
from core.platform.errors import Conflict, NotFound

_MAX_MESSAGES = 1000  # messages per call; the next call takes the rest
_MAX_CONSIDERED = 20_000  # failed messages that a call chooses from, the newest: an outage may leave many more


class Refused(StrEnum):
    """Why a message is not retried, in the words of the API; the console has its own for each."""

    UNKNOWN = "There is no such message of ours."
    OTHER_CAUSE = "It did not fail by this cause."
    NOT_FAILED = "It did not fail: it waits, or was sent or cancelled."
    ADDRESS_ENDED = "This number is not the customer's any more."
    OPTED_OUT = "The customer opted out."
    CHANNEL_DISABLED = "Its channel is disabled."
    WINDOW_CLOSED = "The 24-hour window is closed: send a template."
    NEEDS_TEMPLATE = "It needs a template: name it to send it as it is."
    RECIPIENT = "This customer could not be reached: name it to try again."
    REQUEST = "The provider refused the message itself: correct it, or name it to try again."


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that is not retried, with the reason."""

    id: int
    reason: Refused


@dataclass(frozen=True, slots=True)
class Retried:
    """The messages queued again, and those refused."""

    queued: Sequence[int]
    refused: Sequence[Refusal] = field(default_factory=tuple)


def retry(session: Session, ids: Sequence[int] | None, cause: str | None, *, by_program: bool = False) -> Retried:
    """Queue failed messages again, keeping their attempts; wake a worker after the commit.

    Without `ids`: the failed messages that a retry may fix, or those of one `cause`; of the newest 20,000 at most 1000,
    those that can be sent now first, then by age. An uncertain message, which the customer may have, is only sent again
    when named by id: that is a person's decision. For an API client the same holds for messages refused for their
    content or recipient; people have seen a preview of a cause.
    """
    named = _is_named(ids, cause, by_program=by_program)
    rows = session.execute(_candidates(business_of(session), ids, cause, named=named)).all()
    refused = {row.id: Refused[row.refusal] for row in rows if row.refusal}
    for missing in sorted(set(ids or ()) - {row.id for row in rows}):
        refused[missing] = Refused.UNKNOWN if cause is None else Refused.OTHER_CAUSE
    queued = [row.id for row in rows if row.id not in refused]
    _queue(session, queued)
    audit_log.record(session, "queue.retry", "queue", ids=queued, cause=cause, refused=sorted(refused))
    return Retried(queued, tuple(Refusal(message_id, reason) for message_id, reason in refused.items()))


@dataclass(frozen=True, slots=True)
class Preview:
    """What a retry would do: messages and people reached, and the number of refusals by reason."""

    messages: int
    people: int
    refused: Mapping[Refused, int]


def retry_unfinished(session: Session) -> Retried:
    """Retry failed messages that the provider neither accepted nor refused; for clients that ask every minute.

    Each is retried until it had three times the automatic attempts. Serves a deprecated endpoint.
    """
    most = 3 * get_settings().retry_max_attempts
    failed = _candidates(business_of(session), None, None, named=False)
    rows = session.execute(failed.where(Message.provider_id.is_(None), Delivery.attempts < most)).all()
    queued = [row.id for row in rows if row.refusal is None]
    _queue(session, queued)
    if queued:
        audit_log.record(session, "queue.retry", "queue", ids=queued, cause=None, refused=[])
    return Retried(queued)


def preview(
    session: Session,
    cause: str | None,
    ids: Sequence[int] | None = None,
    *,
    by_program: bool = False,
) -> Preview:
    """Return what `retry` of all failed messages, those of one cause or those named would do now."""
    named = _is_named(ids, cause, by_program=by_program)
    candidates = _candidates(business_of(session), ids, cause, named=named, retryable_only=False)
    rows = session.execute(candidates.with_for_update(read=True, skip_locked=True)).all()
    refused = Counter(Refused[row.refusal] for row in rows if row.refusal)
    refused[Refused.UNKNOWN] += len(set(ids or ()) - {row.id for row in rows})
    retryable = [row for row in rows if row.refusal is None]
    refused += Counter()  # drop zero counts
    return Preview(len(retryable), len({row.identity_id for row in retryable}), refused)


def give_up(session: Session, ids: Sequence[int] | None, cause: str | None = None) -> int:
    """Cancel queued, failed and uncertain messages. Returns how many.

    Without `ids`: what failed by `cause`, oldest first and at most 1000.
    """
    business_id = business_of(session)
    if ids is None:
        failed = select(Message.id).where(
            Message.business_id == business_id,
            Message.status == MessageStatus.FAILED,
            _cause == cause,
        )
        ids = session.scalars(failed.order_by(Message.id).limit(_MAX_MESSAGES)).all()
    cancelled = status.move(session, ids, MessageStatus.CANCELLED, *_OPEN)
    for conversation_id in set(cancelled.values()):
        events.publish_change(session, conversation_id)
    status.update_deliveries(session, cancelled, next_attempt_at=None, uncertain_since=None)
    waiting.clear_unsent(session, list(cancelled), retried=False)
    if cancelled:
        audit_log.record(session, "queue.give_up", "queue", ids=sorted(cancelled))
    return len(cancelled)


def cancel(session: Session, message_id: int) -> None:
    """Cancel a message that has not been sent. Does nothing when it is cancelled already.

    Raises:
        NotFound: there is no such outgoing message.
        Conflict: it is being sent, or was.
    """
    now = session.scalar(
        select(Message.status)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Message.id == message_id)
        .with_for_update(of=Message)
    )
    if now is None:
        raise NotFound(f"No outgoing message {message_id}.")
    if now == MessageStatus.CANCELLED:
        return
    if now != MessageStatus.QUEUED:
        raise Conflict("conflict", f"Only a message that waits to be sent can be cancelled: this one is {now}.")
    give_up(session, [message_id])


_OPEN = (MessageStatus.QUEUED, MessageStatus.FAILED, MessageStatus.UNCERTAIN)


def confirm_sent(session: Session, message_id: int) -> None:
    """Mark an uncertain message as sent, confirmed by a person. Does nothing to other messages."""
    sent_at = func.coalesce(Message.sent_at, func.now())
    confirmed = status.move(
        session, [message_id], MessageStatus.SENT, MessageStatus.UNCERTAIN, error=None, sent_at=sent_at
    )
    if not confirmed:
        return
    status.update_deliveries(session, confirmed, uncertain_since=None)
    waiting.end(session, [message_id])
    audit_log.record(session, "queue.confirm", f"message:{message_id}")
    events.publish_change(session, confirmed[message_id])


def _is_named(ids: Sequence[int] | None, cause: str | None, *, by_program: bool) -> bool:
    return ids is not None or (cause is not None and not by_program)


def _candidates(
    business_id: int, ids: Sequence[int] | None, cause: str | None, *, named: bool, retryable_only: bool = True
) -> Select[*tuple[Any, ...]]:
    """Select the requested messages with the name of their refusal, those that can be sent again first.

    Were they ordered by age alone, old messages that are refused for good would fill the limit of every call.
    `retryable_only` leaves out what a retry cannot fix, unless named.
    """
    refusal = _refusal(named=named)
    query = (
        select(Message.id, Delivery.identity_id, refusal.label("refusal"))
        .join(Delivery, Delivery.message_id == Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(ContactIdentity, ContactIdentity.id == Delivery.identity_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(Message.business_id == business_id)
        .order_by(refusal.is_not(None), Message.id)
        .limit(_MAX_MESSAGES)
        .with_for_update(of=(Message, Delivery))
    )
    if ids is not None:
        query = query.where(Message.id.in_(ids))
        return query if cause is None else query.where(_cause == cause)
    failed = select(Message.id).where(Message.business_id == business_id, Message.status == MessageStatus.FAILED)
    if cause is not None:
        failed = failed.where(_cause == cause)
    elif retryable_only:
        failed = failed.where(func.coalesce(_cause, "").not_in(_NOT_RETRYABLE))
    newest = failed.order_by(Message.id.desc()).limit(_MAX_CONSIDERED)
    return query.where(Message.id.in_(newest), Message.status == MessageStatus.FAILED)


_cause = Message.error["cause"].as_string()
# Sent unchanged, these would be refused again.
_NOT_RETRYABLE: Mapping[str, Refused] = {
    Cause.NEEDS_TEMPLATE: Refused.NEEDS_TEMPLATE,
    Cause.RECIPIENT: Refused.RECIPIENT,
    Cause.REQUEST: Refused.REQUEST,
}


def _refusal(*, named: bool) -> ColumnElement[str | None]:
    """Return the name of why a message cannot be sent again; NULL if it can."""
    by_cause = {} if named else _NOT_RETRYABLE
    in_window = func.coalesce(Conversation.window_expires_at > func.now(), False)
    return case(
        *((_cause == cause, reason.name) for cause, reason in by_cause.items()),
        (Message.status.not_in((MessageStatus.FAILED, MessageStatus.UNCERTAIN)), Refused.NOT_FAILED.name),
        (ContactIdentity.ended_at.is_not(None), Refused.ADDRESS_ENDED.name),
        (ContactIdentity.opted_out_at.is_not(None), Refused.OPTED_OUT.name),
        (Channel.state == ChannelState.DISABLED, Refused.CHANNEL_DISABLED.name),
        (
            Conversation.kind.in_(REPLY_WINDOWS) & (Message.type != "template") & ~in_window,
            Refused.WINDOW_CLOSED.name,
        ),
    )


def _queue(session: Session, message_ids: Sequence[int]) -> None:
    if not message_ids:
        return
    waiting.clear_unsent(session, message_ids, retried=True)
    queued = status.move(session, message_ids, MessageStatus.QUEUED, MessageStatus.FAILED, MessageStatus.UNCERTAIN)
    status.update_deliveries(session, queued, next_attempt_at=func.now(), uncertain_since=None)
