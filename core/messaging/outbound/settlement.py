"""Effects of an outcome known other than by a message's own send: receipts, final failures, timeouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.channels.registry import PROVIDERS
from core.channels.types import Cause, Diagnosis, Fact, ProviderError, Verdict
from core.conversations import lifecycle as conversations
from core.messaging.contacts.resolve import set_opted_out
from core.messaging.outbound import rate_limit, status, waiting
from core.models import Channel, ContactIdentity, Delivery, Message, MessageStatus, Sender, Severity
from core.platform.db import in_business, run


def mark_sent(session: Session, message_ids: Sequence[int], healed: Sequence[int]) -> None:
    """Stop retrying messages that a receipt reported as sent.

    Ends the customers' wait only for `healed` ones, which no worker is sending: for the others the sender does, which
    locks conversations before messages.
    """
    if message_ids:
        run(session, _OUT, {"ids": list(message_ids)})
        waiting.end(session, healed)


_OUT = """
UPDATE deliveries SET next_attempt_at = NULL, uncertain_since = NULL WHERE message_id = ANY(%(ids)s::bigint[])
"""


def record_fact(session: Session, fact: Fact, identity_ids: Sequence[int]) -> None:
    """Record that these people opted out or stopped marketing messages. An earlier time is kept."""
    if fact is Fact.MARKETING_STOPPED:
        session.execute(
            update(ContactIdentity)
            .where(ContactIdentity.id.in_(identity_ids), ContactIdentity.marketing_stopped_at.is_(None))
            .values(marketing_stopped_at=func.now())
        )
        return
    silent = session.execute(
        select(ContactIdentity.contact_id, ContactIdentity.kind)
        .where(ContactIdentity.id.in_(identity_ids), ContactIdentity.opted_out_at.is_(None))
        .distinct()
    ).all()
    for contact_id, kind in silent:
        set_opted_out(session, contact_id, kind, opted_out=True)


def mark_failed(session: Session, errors: dict[int, dict[str, str]]) -> None:
    """Fail messages that receipts reported as failed. They are not retried: one of the devices may still show them."""
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
        diagnosis = PROVIDERS[provider].diagnose_failure(error)
        shown = {
            "code": error.code,
            "title": error.title,
            "details": error.details,
            "cause": diagnosis.cause.value,
            "advice": advice(diagnosis, queued=False),
        }
        if diagnosis.fact and identity_id is not None:
            record_fact(session, diagnosis.fact, [identity_id])
        if diagnosis.answers_only:
            restrict_number(session, channel_id, error, diagnosis)
        session.execute(update(Message).where(Message.id == message_id).values(error=shown))
    status.update_deliveries(session, errors, next_attempt_at=None, uncertain_since=None)
    handle_final_failure(session, list(errors))


def restrict_number(session: Session, channel_id: int, error: ProviderError, diagnosis: Diagnosis) -> None:
    """Restrict a number that the provider limits for its quality to replies for a while, and notify people."""
    if rate_limit.restrict_to_replies(session, channel_id, diagnosis.wait):
        words = f"{error.title} ({error.code}). {diagnosis.advice} Answers go out; other messages wait for an hour."
        data = {"title": error.title, "code": error.code}
        notify(session, "number_limited", Severity.HIGH, words, data=data)


def handle_final_failure(session: Session, message_ids: Sequence[int]) -> None:
    """Notify people of final failures, restore the customers' waits, and hand failed bot answers to a person."""
    rows = session.execute(
        select(Message.id, Message.conversation_id, Message.sender, Message.error)
        .where(Message.id.in_(message_ids))
        .order_by(Message.conversation_id, Message.id)
    ).all()
    restored = waiting.restore_wait(session, message_ids)
    for message_id, conversation_id, sender, error in rows:
        title = str((error or {}).get("title") or f"error {(error or {}).get('code', '')}").rstrip(".")
        words = f"Message {message_id} could not be sent: {title}."
        target_id = restored.get(conversation_id, conversation_id)
        notification = _Notification("message_failed", words, {"title": title})
        _notify_or_hand_off(session, target_id, sender, ("send_failed", title), notification)


def hand_off_uncertain_sends(session: Session, grace_seconds: float, limit: int = 200) -> int:
    """Notify people of messages uncertain for `grace_seconds` and restore their customers' waits.

    Those of the bot are handed to a person. Returns the number of messages.
    """
    rows = session.execute(
        select(Message.id, Message.business_id, Message.conversation_id, Message.sender)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(
            Message.status == MessageStatus.UNCERTAIN,
            Delivery.uncertain_since < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, grace_seconds),
        )
        .order_by(Message.conversation_id, Message.id)  # lock order: ascending ids
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    for message_id, business_id, conversation_id, sender in rows:
        with in_business(session, business_id):
            target_id = waiting.restore_wait(session, [message_id]).get(conversation_id, conversation_id)
            words = f"Nobody knows whether message {message_id} arrived. Ask the customer before sending it again."
            why = "nobody knows whether the last answer arrived"
            _notify_or_hand_off(
                session, target_id, sender, ("send_uncertain", why), _Notification("message_uncertain", words)
            )
    status.update_deliveries(session, [row.id for row in rows], uncertain_since=None)
    return len(rows)


def notify_of_uncertain(session: Session, grace_seconds: float) -> int:
    """Notify people of each message uncertain for `grace_seconds` that caused no hand-off. Returns how many.

    What the bot sent while in charge is reported by the hand-off (`hand_off_uncertain_sends`).
    """
    return run(session, _NOTIFY, {"grace": grace_seconds}).rowcount


_NOTIFY = """
INSERT INTO notifications (business_id, kind, severity, text, conversation_id, about)
SELECT m.business_id, 'message_uncertain', 'warning', 'Nobody knows whether message ' || m.id || ' arrived.',
    m.conversation_id, 'uncertain message ' || m.id
FROM messages m
JOIN deliveries d ON d.message_id = m.id
JOIN conversations c ON c.id = m.conversation_id
WHERE m.status = 'uncertain' AND d.uncertain_since < now() - make_interval(secs => %(grace)s)
    AND (m.sender <> 'bot' OR c.mode = 'human' AND c.handoff_reason IS DISTINCT FROM 'send_uncertain')
    AND NOT EXISTS (
        SELECT FROM notifications n WHERE n.business_id = m.business_id AND n.about = 'uncertain message ' || m.id)
ORDER BY m.id LIMIT 200
"""


class _Notification(NamedTuple):
    """The content of a notification."""

    kind: str
    words: str
    data: Mapping[str, str] = {}


def _notify_or_hand_off(
    session: Session,
    conversation_id: int,
    sender: str,
    hand_off_reason: tuple[str, str],
    notification: _Notification,
) -> None:
    """Hand a conversation in bot mode to a person, which notifies them; otherwise send a notification."""
    if sender == Sender.BOT and conversations.hand_off(session, conversation_id, *hand_off_reason):
        return
    notify(
        session,
        notification.kind,
        Severity.WARNING,
        notification.words,
        conversation_id=conversation_id,
        data=notification.data,
    )


def advice(diagnosis: Diagnosis, *, queued: bool) -> str:
    """Return the advice for a failure: the provider's table, and whether the message is retried automatically."""
    if queued:
        return f"{diagnosis.advice} {_HELD if diagnosis.suspends_number else _AGAIN}"
    passes = diagnosis.cause in _PASSING and diagnosis.verdict is not Verdict.UNKNOWN
    return f"{diagnosis.advice} {_BY_HAND}" if passes else diagnosis.advice


_PASSING = (Cause.PROVIDER, Cause.THROTTLED, Cause.NETWORK, Cause.ADMIN)
_BY_HAND = "This message is not tried again: send it again by hand once that is over."
_AGAIN = "The message will be sent again by itself."
_HELD = "The message waits, and goes out by itself once the credentials work again."
