"""News that is not a message: numbers changed, consent given or taken back, the account's own state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.accounts.notification_texts import language_of, sentence
from core.accounts.notifications import already_noted, digest_of, notify
from core.channels.account_states import KnownName, News, NumbersMay
from core.channels.types import AccountNotice, Consent, IdentityChange
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
    session: Session, business_id: int, channel_id: int, event_id: int, change: IdentityChange, account: str = ""
) -> None:
    """The new address takes the old one's place (`core.messaging.contacts.number_changes`), and an open conversation
    shows it.
    """
    known = number_changes.follow(session, business_id, change, account)
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
            business_id=business_id,
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


def record_consent(session: Session, business_id: int, consent: Consent) -> None:
    """Marketing messages are stopped or allowed again; answers to the customer's own questions go on."""
    (known,) = resolve(session, business_id, [Address(consent.kind, consent.sender, at=consent.timestamp)])
    session.execute(
        update(ContactIdentity)
        .where(ContactIdentity.id == known.identity_id)
        .values(marketing_stopped_at=None if consent.allowed else consent.timestamp)
    )


def keep_names(session: Session, business_id: int, names: Sequence[tuple[str, KnownName]]) -> None:
    """Whoever has no name yet gets the one of the business's address book; whoever is not known yet is noted."""
    if names:
        addresses = [
            Address(one.kind, one.sender, phone=one.phone, name=readable_name(one.name) or None, account=account)
            for account, one in names
        ]
        resolve(session, business_id, addresses)


def record_notice(session: Session, business_id: int, channel_id: int, news: AccountNotice) -> None:
    """People hear once what the provider says of the account, a number or a template, and the desk acts on it.

    Numbers of an account that may not send are paused, and go on when that is lifted; a template's row is brought up
    to date; what is known of the numbers is asked for again.
    """
    meant = news.news or News(news.topic, news.severity)
    kind = meant.words
    about = f"{news.account} {news.topic} {meant.about}"[:_LONGEST_ABOUT]
    digest = digest_of([kind, news.payload])
    if already_noted(session, business_id, about, digest):
        return
    if "template" in news.topic:
        templates.mark_changed(session, channel_id)
        templates.hear(session, channel_id, meant.template)
    else:
        accounts.ask_again(session, business_id, news.account, channel_id)
    data = {**meant.facts, **_act(session, business_id, channel_id, news, meant)}
    words = sentence("en", kind, data, news.text)
    notify(session, business_id, kind, Severity(news.severity), words, data=data, about=about, digest=digest)


_LONGEST_ABOUT = 500


def _act(session: Session, business_id: int, channel_id: int, notice: AccountNotice, news: News) -> dict[str, Any]:
    """Pause or resume the account's numbers. Returns what the notice says of it."""
    if news.numbers_may is NumbersMay.GO_ON:
        return {"resumed": pauses.go_on(session, business_id, channel_id, notice.account)}
    if news.numbers_may is not NumbersMay.STOP:
        return {}
    reason = sentence(language_of(session, business_id), news.words, news.facts, notice.text)
    paused = pauses.pause(session, business_id, channel_id, notice.account, reason, news.until)
    if not paused:
        return {}
    ends = {"resumes_at": f"{news.until:%Y-%m-%d %H:%M} UTC"} if news.until else {"by_hand": True}
    return {"paused": list(paused), **ends}
