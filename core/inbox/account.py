"""News that is not a message: numbers changed, consent given or taken back, the account's own state."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.business import templates
from core.channels.base import AccountNotice, Consent, IdentityChange
from core.inbox.identity import Address, merge, resolve
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
from core.people.notices import notify


def change_identity(session: Session, business_id: int, channel_id: int, event_id: int, change: IdentityChange) -> None:
    """The new address joins the old one's contact; an open conversation goes on at the new address and shows it."""
    known = merge(session, business_id, change)
    conversation_id = session.scalar(
        update(Conversation)
        .where(
            Conversation.channel_id == channel_id,
            Conversation.contact_id == known.contact_id,
            Conversation.status != ConversationStatus.CLOSED,
        )
        .values(identity_id=known.identity_id)
        .returning(Conversation.id)
        .execution_options(synchronize_session=False)
    )
    if conversation_id is None:
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
    (known,) = resolve(session, business_id, [Address(consent.kind, consent.sender)])
    session.execute(
        update(ContactIdentity)
        .where(ContactIdentity.id == known.identity_id)
        .values(marketing_stopped_at=None if consent.allowed else consent.timestamp)
    )


def record_notice(session: Session, business_id: int, channel_id: int, news: AccountNotice) -> None:
    """An administrator hears what the provider says of the account, a number or a template."""
    if "template" in news.topic:
        templates.mark_changed(session, channel_id)
    notify(session, business_id, news.topic, Severity(news.severity), news.text)
