"""Message templates of WhatsApp accounts, as last reported by the provider."""

from __future__ import annotations

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant


class MessageTemplate(Tenant, Base):
    """A template. `account` is the WABA id, or Twilio's account SID.

    `components` is Meta's complete definition; Twilio's content templates are converted to the same form.
    """

    __tablename__ = "message_templates"
    __table_args__ = (UniqueConstraint("business_id", "account", "name", "language"),)

    id: Mapped[Id]
    account: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    category: Mapped[str]
    status: Mapped[str]
    quality: Mapped[str]
    rejected_reason: Mapped[str]
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reported_at: Mapped[Stamp]
