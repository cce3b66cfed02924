"""Raw webhook events and their items that could not be processed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp


class WebhookEvent(Base):
    r"""A verified request body, stored before the response 200. `source` determines its parser.

    `digest` covers source, query, signers and body.

    The body is bytea: jsonb rejects \u0000 and text rejects NUL, and both occur.
    `attempts` counts processing attempts that did not complete.
    `signed_by` are the channels whose secret signed it, 0 for the secret of the settings; null for events from before
    the column existed.
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
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
    """An item of an event that could not be processed, with the reason. The event's other items were processed."""

    __tablename__ = "dead_letters"
    __table_args__ = (Index(None, "event_id"),)

    id: Mapped[Id]
    business_id: Mapped[int | None] = mapped_column(ForeignKey("businesses.id", ondelete="RESTRICT"))
    event_id: Mapped[int] = mapped_column(ForeignKey("webhook_events.id", ondelete="CASCADE"))
    reason: Mapped[str]
    raw: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    created_at: Mapped[Stamp]
    replayed_at: Mapped[datetime | None]
