"""Raw events as providers posted them, and the items of them that could not be understood."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, one_of


class EventSource(StrEnum):
    """Which door an event came through, which decides how it is parsed."""

    WHATSAPP_CLOUD = "whatsapp_cloud"
    TWILIO_INBOUND = "twilio_inbound"
    TWILIO_STATUS = "twilio_status"


class WebhookEvent(Base):
    """A verified body, stored before its 200 was given. `digest` covers source, query and body.

    The body is bytea: jsonb refuses \\u0000 and text refuses NUL, and both come.
    `attempts` counts how often processing began and did not end; null `signed_by` is an event from before it was noted.
    `signed_by` names the channels whose secret signed it, 0 being the secret of the settings.
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
        one_of("source", EventSource),
        Index("uq_webhook_events_digest", "digest", unique=True),
        Index("ix_webhook_events_pending", "id", postgresql_where=text("processed_at IS NULL")),
    )

    id: Mapped[Id]
    source: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    content_type: Mapped[str]
    query: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[Stamp]
    processed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    signed_by: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))


class DeadLetter(Base):
    """An item of an event that could not be processed, with its reason. Its neighbours were."""

    __tablename__ = "dead_letters"
    __table_args__ = (Index(None, "event_id"),)

    id: Mapped[Id]
    business_id: Mapped[int | None] = mapped_column(ForeignKey("businesses.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(ForeignKey("webhook_events.id", ondelete="CASCADE"))
    reason: Mapped[str]
    raw: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    created_at: Mapped[Stamp]
    replayed_at: Mapped[datetime | None]
