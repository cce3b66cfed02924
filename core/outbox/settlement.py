"""What follows when a message's fate is known some other way than by its own send: receipts, giving up, retrying."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core.channels.base import Diagnosis, Fact, ProviderError
from core.channels.facts import diagnose_failure
from core.conversations import service as conversations
from core.db import run
from core.inbox.identity import set_opted_out
from core.models import Channel, ContactIdentity, Conversation, Delivery, Message, MessageStatus, Mode, Sender, Severity
from core.outbox import flow, policy
from core.people.notices import notify

_QUIET = {"synchronize_session": False}


def reported_sent(session: Session, message_ids: Sequence[int]) -> None:
    """A receipt told that these were sent: they need no further try."""
    if message_ids:
        run(session, _OUT, {"ids": list(message_ids)})


_OUT = """
UPDATE deliveries SET next_attempt_at = NULL, uncertain_since = NULL WHERE message_id = ANY(%(ids)s::bigint[])
"""


def opted_out(session: Session, identity_ids: Sequence[int]) -> None:
    """What still waits to go to these addresses is not sent any more."""
    session.execute(_CANCEL, {"ids": list(identity_ids)})


_CANCEL = text("""
WITH cancelled AS (
    UPDATE messages m SET status = 'cancelled', error = jsonb_build_object(
        'code', 'opted_out', 'cause', 'recipient', 'title', 'The customer opted out', 'details', '',
        'advice', 'They must write START (or ALTA) before anything can be sent.')
    FROM deliveries d
    WHERE d.message_id = m.id AND d.identity_id = ANY(:ids) AND d.next_attempt_at IS NOT NULL AND m.status = 'queued'
    RETURNING m.id
)
UPDATE deliveries d SET next_attempt_at = NULL FROM cancelled WHERE d.message_id = cancelled.id
""")


def note_fact(session: Session, fact: Fact, identity_ids: Sequence[int]) -> None:
    """These people opted out, or stopped marketing messages. What they had said before stays as it was."""
    if fact is Fact.MARKETING_STOPPED:
        session.execute(
            update(ContactIdentity)
            .where(ContactIdentity.id.in_(identity_ids), ContactIdentity.marketing_stopped_at.is_(None))
            .values(marketing_stopped_at=func.now())
            .execution_options(synchronize_session=False)
        )
        return
    silent = session.execute(
        select(ContactIdentity.contact_id, ContactIdentity.kind)
        .where(ContactIdentity.id.in_(identity_ids), ContactIdentity.opted_out_at.is_(None))
        .distinct()
    ).all()
    for contact_id, kind in silent:
        opted_out(session, set_opted_out(session, contact_id, kind, opted_out=True))


def reported_failed(session: Session, business_id: int, errors: dict[int, dict[str, str]]) -> None:
    """Receipts told that the provider gave these up. They are not sent again: one of the devices may still show it."""
    if not errors:
        return
    rows = session.execute(
        select(Message.id, Channel.provider, Channel.id, Delivery.identity_id)
        .join(Channel, Channel.id == Message.channel_id)
        .join(Delivery, Delivery.message_id == Message.id, isouter=True)
        .where(Message.id.in_(errors))
    ).all()
    for message_id, provider, channel_id, identity_id in rows:
        error = ProviderError(**errors[message_id])
        diagnosis = diagnose_failure(provider, error)
        shown = {
            "code": error.code,
            "title": error.title,
            "details": error.details,
            "cause": diagnosis.cause.value,
            "advice": policy.advice(diagnosis, queued=False),
        }
        if diagnosis.fact and identity_id is not None:
            note_fact(session, diagnosis.fact, [identity_id])
        if diagnosis.answers_only:
            limited(session, business_id, channel_id, error, diagnosis)
        session.execute(update(Message).where(Message.id == message_id).values(error=shown).execution_options(**_QUIET))
    session.execute(
        update(Delivery)
        .where(Delivery.message_id.in_(errors))
        .values(next_attempt_at=None, uncertain_since=None)
        .execution_options(**_QUIET)
    )
    failed_for_good(session, business_id, list(errors))


def limited(session: Session, business_id: int, channel_id: int, error: ProviderError, diagnosis: Diagnosis) -> None:
    """The provider limits the number for its quality: it begins no conversations for a while, and people are told."""
    if flow.begin_less(session, channel_id, diagnosis.wait):
        words = f"{error.title} ({error.code}). {diagnosis.advice} Answers go out; other messages wait for an hour."
        data = {"title": error.title, "code": error.code}
        notify(session, business_id, "number_limited", Severity.HIGH, words, data=data)


def failed_for_good(session: Session, business_id: int, message_ids: Sequence[int]) -> None:
    """Tell someone; where the bot had answered, its customer is waiting again and a person takes over."""
    rows = session.execute(
        select(Message.id, Message.conversation_id, Message.sender, Message.error)
        .where(Message.id.in_(message_ids))
        .order_by(Message.conversation_id, Message.id)
    ).all()
    for message_id, conversation_id, sender, error in rows:
        title = (error or {}).get("title") or "unknown error"
        if sender == Sender.BOT and conversations.hand_off(session, business_id, conversation_id, "send_failed", title):
            continue
        words = f"Message {message_id} could not be sent: {title}."
        notify(
            session,
            business_id,
            "message_failed",
            Severity.WARNING,
            words,
            conversation_id=conversation_id,
            data={"title": title},
        )


def own_uncertain(session: Session, grace_seconds: float, limit: int = 200) -> int:
    """Customers of the bot's messages whose fate stayed unknown for `grace_seconds` get a person. Returns how many."""
    rows = session.execute(
        select(Message.business_id, Message.conversation_id)
        .join(Delivery, Delivery.message_id == Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.mode == Mode.BOT,
            Message.status == MessageStatus.UNCERTAIN,
            Message.sender == Sender.BOT,
            Delivery.uncertain_since < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, grace_seconds),
        )
        .distinct()
        .order_by(Message.conversation_id)  # every one that locks several conversations begins with the lowest
        .limit(limit)
    ).all()
    return sum(
        conversations.hand_off(
            session, business_id, conversation_id, "send_uncertain", "nobody knows whether the last answer arrived"
        )
        for business_id, conversation_id in rows
    )
