"""What follows when a message's fate is known some other way than by its own send: receipts, giving up, retrying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.channels.facts import diagnose_failure
from core.channels.types import Diagnosis, Fact, ProviderError
from core.conversations import lifecycle as conversations
from core.messaging.contacts.resolve import set_opted_out
from core.messaging.outbound import cancel, rate_limit, retry_policy, waiting
from core.models import Channel, ContactIdentity, Delivery, Message, MessageStatus, Sender, Severity
from core.platform.db import run

_QUIET = {"synchronize_session": False}


def reported_sent(session: Session, message_ids: Sequence[int], healed: Sequence[int]) -> None:
    """A receipt told that these were sent: they need no further try.

    Only of those that are `healed`, which nobody is sending just now, it ends the customers' wait: for the others
    their sender does, who locks conversations before messages.
    """
    if message_ids:
        run(session, _OUT, {"ids": list(message_ids)})
        waiting.ended(session, healed)


_OUT = """
UPDATE deliveries SET next_attempt_at = NULL, uncertain_since = NULL WHERE message_id = ANY(%(ids)s::bigint[])
"""


def opted_out(session: Session, identity_ids: Sequence[int]) -> None:
    """What still waits to go to these addresses is not sent any more."""
    cancel.stop(session, cancel.OPTED_OUT, identity_ids=identity_ids)


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
            "advice": retry_policy.advice(diagnosis, queued=False),
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
    if rate_limit.begin_less(session, channel_id, diagnosis.wait):
        words = f"{error.title} ({error.code}). {diagnosis.advice} Answers go out; other messages wait for an hour."
        data = {"title": error.title, "code": error.code}
        notify(session, business_id, "number_limited", Severity.HIGH, words, data=data)


def failed_for_good(session: Session, business_id: int, message_ids: Sequence[int]) -> None:
    """Tell someone; whoever was to be answered is waiting again, and where the bot had answered a person takes over."""
    rows = session.execute(
        select(Message.id, Message.conversation_id, Message.sender, Message.error)
        .where(Message.id.in_(message_ids))
        .order_by(Message.conversation_id, Message.id)
    ).all()
    here = waiting.bring_back(session, business_id, message_ids)
    for message_id, conversation_id, sender, error in rows:
        title = str((error or {}).get("title") or f"error {(error or {}).get('code', '')}").rstrip(".")
        words = f"Message {message_id} could not be sent: {title}."
        place = here.get(conversation_id, conversation_id)
        told = Told("message_failed", words, {"title": title})
        _tell(session, business_id, place, sender, ("send_failed", title), told)


def hand_off_uncertain_sends(session: Session, grace_seconds: float, limit: int = 200) -> int:
    """People are told of messages whose fate stayed unknown for `grace_seconds`; their customers wait again.

    Those of the bot get a person. Returns how many messages those were.
    """
    rows = session.execute(
        select(Message.id, Message.business_id, Message.conversation_id, Message.sender)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(
            Message.status == MessageStatus.UNCERTAIN,
            Delivery.uncertain_since < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, grace_seconds),
        )
        .order_by(Message.conversation_id, Message.id)  # every one that locks several begins with the lowest
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    for message_id, business_id, conversation_id, sender in rows:
        place = waiting.bring_back(session, business_id, [message_id]).get(conversation_id, conversation_id)
        words = f"Nobody knows whether message {message_id} arrived. Ask the customer before sending it again."
        why = "nobody knows whether the last answer arrived"
        _tell(session, business_id, place, sender, ("send_uncertain", why), Told("message_uncertain", words))
    session.execute(
        update(Delivery)
        .where(Delivery.message_id.in_([row.id for row in rows]))
        .values(uncertain_since=None)
        .execution_options(**_QUIET)
    )
    return len(rows)


class Told(NamedTuple):
    """A notice to be."""

    kind: str
    words: str
    data: Mapping[str, str] = {}


def _tell(
    session: Session,
    business_id: int,
    conversation_id: int,
    sender: str,
    handed_over: tuple[str, str],
    told: Told,
) -> None:
    """A conversation that the bot answers goes to a person, whom that tells; else a notice does."""
    if sender == Sender.BOT and conversations.hand_off(session, business_id, conversation_id, *handed_over):
        return
    notify(
        session,
        business_id,
        told.kind,
        Severity.WARNING,
        told.words,
        conversation_id=conversation_id,
        data=told.data,
    )
