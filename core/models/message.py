"""Messages, attachments, deliveries with their attempts, and delivery receipts."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Computed, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from core.channels.types import Verdict
from core.models.base import Base, Id, Json, JsonOrNone, Stamp, Tenant, one_of


class Direction(StrEnum):
    """Direction of a message, seen from the business."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Sender(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class MessageStatus(StrEnum):
    """Status of a message."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


# Types that refer to an earlier message and are displayed on it.
ABOUT_ANOTHER = ("reaction", "edit", "revoke")

# Accents are removed on both sides: the Spanish stemmer treats "cotización" and "cotizacion" as different words. This
# happens before lower(), which does not change accented capitals in a database with the C collation.
FOLDED = (
    "lower(translate({}, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡', "
    "'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'))"
)

# One exception: without the accent the stemmer does not reduce "cotizacion", although "cotizaciones" becomes "cotiz".
STEMMABLE = f"regexp_replace({FOLDED}, '([au])cion\\M', '\\1ción', 'g')"


# Characters of a text that are searched: Postgres indexes a megabyte of words at most, and refuses the row beyond.
MOST_SEARCHED = 50_000

# Context of a message beside its text: advertisement, product, file name, option description. `words_about` is a
# database function created by a migration.
HAS_ABOUT = "payload ?| '{referral,context,filename,list_reply}'"
ABOUT_WORDS = "words_about(payload)"


class Message(Tenant, Base):
    """One message. `created_at` is the provider's time; the thread is ordered by it, then by arrival (`id`).

    Provider times are in whole seconds, and so is `created_at` of our own messages: within a second, arrival decides.
    `stored_at` and `sent_at` are exact.

    `reply_to` is the provider's id of the message that this one replies to, edits or revokes.

    `error` of a failed message has code, cause, advice, title and details.
    """

    __tablename__ = "messages"
    __table_args__ = (
        one_of("direction", Direction),
        one_of("sender", Sender),
        one_of("status", MessageStatus),
        Index(
            "uq_messages_provider_id",
            "channel_id",
            "provider_id",
            unique=True,
            postgresql_where=text("provider_id IS NOT NULL"),
        ),
        Index(
            "uq_messages_idempotency_key",
            "business_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index(None, "conversation_id", text("created_at DESC"), text("id DESC")),
        Index(None, "business_id", "created_at"),
        Index(
            "ix_messages_unsettled",
            "business_id",
            "status",
            postgresql_where=text("status IN ('queued', 'sending', 'failed', 'uncertain')"),
        ),
        Index("ix_messages_search", "search", postgresql_using="gin"),
        Index("ix_messages_about", text(ABOUT_WORDS), postgresql_using="gin", postgresql_where=text(HAS_ABOUT)),
        Index(
            "ix_messages_changes",
            "channel_id",
            "reply_to",
            postgresql_where=text("type IN ('edit', 'revoke')"),
        ),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="RESTRICT"))
    direction: Mapped[str]
    sender: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="RESTRICT"))
    type: Mapped[str]
    text: Mapped[str] = mapped_column(server_default="")
    payload: Mapped[Json]
    status: Mapped[str]
    provider_id: Mapped[str | None]
    reply_to: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    event_id: Mapped[int | None]
    error: Mapped[JsonOrNone]
    created_at: Mapped[Stamp]
    stored_at: Mapped[Stamp]
    sent_at: Mapped[datetime | None]
    search: Mapped[str | None] = mapped_column(
        TSVECTOR,
        Computed(f"to_tsvector('spanish', {STEMMABLE.format(f'left(text, {MOST_SEARCHED})')})", persisted=True),
        deferred=True,
    )


class FileState(StrEnum):
    """Download state of an attachment."""

    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


class Attachment(Tenant, Base):
    """A file of a message. While `next_attempt_at` is set, it still has to be downloaded from the provider.

    `author_id` is the agent who uploaded it in the console.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        one_of("state", FileState),
        UniqueConstraint("message_id", "position"),
        Index(None, "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
    )

    id: Mapped[Id]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    author_id: Mapped[int | None]
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    state: Mapped[str] = mapped_column(server_default=FileState.PENDING)
    provider_media_id: Mapped[str | None]
    url: Mapped[str | None]
    mime_type: Mapped[str | None]
    filename: Mapped[str | None]
    sha256: Mapped[str | None]
    size: Mapped[int | None]
    storage_key: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    created_at: Mapped[Stamp]


class ProviderFile(Tenant, Base):
    """A stored file uploaded to a provider for one channel; `handle` is its id there, valid until `good_until`."""

    __tablename__ = "provider_files"
    __table_args__ = (Index(None, "attachment_id"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True)
    handle: Mapped[str]
    good_until: Mapped[datetime]


class Delivery(Tenant, Base):
    """The outbox: the delivery of an outbound message. The message's `status` is authoritative.

    `next_attempt_at` is set exactly while the message is queued. `lease` and `leased_until` are set exactly while a
    worker is sending it; if the lease expires, it is unknown whether the provider accepted the message. Messages of a
    conversation are sent in order, but one `scheduled_for` later does not block the others. Once sent, a message that
    `answers` ends the customer's wait. `uncertain_since` is reset to null once agents are notified.

    Conversation, channel and identity are copies, so that claiming reads one table: the row lives with its message.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(None, "priority", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index(None, "leased_until", postgresql_where=text("leased_until IS NOT NULL")),
        Index(
            "ix_deliveries_in_progress",
            "conversation_id",
            "message_id",
            postgresql_where=text("next_attempt_at IS NOT NULL OR leased_until IS NOT NULL"),
        ),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int]
    channel_id: Mapped[int]
    identity_id: Mapped[int]
    priority: Mapped[int] = mapped_column(SmallInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    scheduled_for: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    lease: Mapped[uuid.UUID | None]
    leased_until: Mapped[datetime | None]
    uncertain_since: Mapped[datetime | None]
    answers: Mapped[bool] = mapped_column(server_default=text("false"))


class DeliveryAttempt(Tenant, Base):
    """A send attempt that did not succeed at once; successful ones are not recorded."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (one_of("verdict", Verdict), Index(None, "message_id"))

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(SmallInteger)
    verdict: Mapped[str]
    cause: Mapped[str]
    code: Mapped[str]
    title: Mapped[str]
    details: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Stamp]


class DeliveryReceipt(Tenant, Base):
    """A delivery receipt of the provider. All are stored; `message_id` is null until it is matched to a message."""

    __tablename__ = "delivery_receipts"
    __table_args__ = (
        UniqueConstraint("channel_id", "provider_id", "status", "occurred_at"),
        Index(None, "message_id"),
        Index(
            "ix_delivery_receipts_unmatched", "channel_id", "provider_id", postgresql_where=text("message_id IS NULL")
        ),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="RESTRICT"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    provider_id: Mapped[str]
    our_id: Mapped[int | None]
    status: Mapped[str]
    occurred_at: Mapped[datetime]
    errors: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    pricing: Mapped[Json]
    received_at: Mapped[Stamp]
