"""Webhook items other than messages: changed numbers, marketing consent, updates of the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.accounts.notification_texts import language_of, sentence
from core.accounts.notifications import Mark, already_noted, notify
from core.channels.account_states import AddressBookName, News, SendingEffect
from core.channels.types import AccountUpdate, IdentityChange, MarketingConsent
from core.messaging.channels import accounts, pauses, templates
from core.messaging.contacts import number_changes
from core.messaging.contacts.addresses import Address
from core.messaging.contacts.resolve import resolve
from core.messaging.inbound.store_messages import readable_name
from core.models import (
    ContactIdentity,
    Conversation,
    ConversationStatus,
    Direction,
    Message,
    MessageStatus,
    Sender,
    Severity,
)


def change_identity(
    session: Session, channel_id: int, event_id: int, change: IdentityChange, account: str = ""
) -> None:
    """Replace a customer's address and show the change in an open conversation.

    See `core.messaging.contacts.number_changes`.
    """
    known = number_changes.apply(session, change, account)
    conversation_id = session.scalar(
        select(Conversation.id).where(
            Conversation.channel_id == channel_id,
            Conversation.contact_id == known.contact_id,
            Conversation.status != ConversationStatus.CLOSED,
        )
    )
    if conversation_id is None or not change.text:
        return
    session.execute(
        pg_insert(Message)
        .values(
            conversation_id=conversation_id,
            channel_id=channel_id,
            direction=Direction.INBOUND,
            sender=Sender.SYSTEM,
            type="system",
            text=change.text,
            payload={"event": "number_changed", "old": change.old, "new": change.new},
            status=MessageStatus.RECEIVED,
            provider_id=change.provider_id,
            event_id=event_id,
            created_at=change.timestamp,
        )
        .on_conflict_do_nothing()
    )


def record_consent(session: Session, consent: MarketingConsent) -> None:
    """Stop or resume marketing messages to a customer; replies to their own questions are not affected."""
    (known,) = resolve(session, [Address(consent.kind, consent.sender, at=consent.timestamp)])
    session.execute(
        update(ContactIdentity)
        .where(ContactIdentity.id == known.identity_id)
        .values(marketing_stopped_at=None if consent.allowed else consent.timestamp)
    )


def save_names(session: Session, names: Sequence[tuple[str, AddressBookName]]) -> None:
    """Save names from the business's address book: fill in missing names and create unknown contacts."""
    if names:
        addresses = [
            Address(one.kind, one.sender, phone=one.phone, name=readable_name(one.name) or None, account=account)
            for account, one in names
        ]
        resolve(session, addresses)


def record_account_update(session: Session, channel_id: int, notice: AccountUpdate) -> None:
    """Apply an update of the provider about the account, a number or a template, and notify people once.

    Pauses the numbers of an account that may not send and resumes them when the restriction is lifted, updates a
    template's row, and schedules a refresh of the numbers' status.
    """
    news = notice.news or News(notice.topic, notice.severity)
    kind = news.words
    mark = Mark.of(f"{notice.account} {notice.topic} {news.about}"[:_LONGEST_ABOUT], [kind, notice.payload])
    if already_noted(session, mark):
        return
    if "template" in notice.topic:
        templates.mark_changed(session, channel_id)
        templates.apply_update(session, channel_id, news.template)
    else:
        accounts.mark_stale(session, notice.account, channel_id)
    data = {**news.facts, **_act(session, channel_id, notice, news)}
    words = sentence("en", kind, data, notice.text)
    notify(session, kind, Severity(notice.severity), words, data=data, mark=mark)


_LONGEST_ABOUT = 500


def _act(session: Session, channel_id: int, notice: AccountUpdate, news: News) -> dict[str, Any]:
    """Pause or resume the account's numbers. Returns the resulting facts for the notification."""
    if news.sending_effect is SendingEffect.RESUME:
        return {"resumed": pauses.resume(session, channel_id, notice.account)}
    if news.sending_effect is SendingEffect.ANSWERS_ONLY and news.until and news.until > datetime.now(UTC):
        pauses.restrict_to_replies(session, channel_id, notice.account, news.until)
        return {"answers_only": True}
    if news.sending_effect is not SendingEffect.STOP:
        return {}
    reason = sentence(language_of(session), news.words, news.facts, notice.text)
    paused = pauses.pause(session, channel_id, notice.account, reason, news.until)
    if not paused:
        return {}
    ends = {"resumes_at": f"{news.until:%Y-%m-%d %H:%M} UTC"} if news.until else {"by_hand": True}
    return {"paused": list(paused), **ends}
