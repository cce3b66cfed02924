"""The message templates of a WhatsApp business account, as Meta last told them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant


class MessageTemplate(Tenant, Base):
    """`account` is the WABA's id, or Twilio's account SID.

    `components` is Meta's definition whole; a content template of Twilio's is written in the same shape.
    """

    __tablename__ = "templates"
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
    told_at: Mapped[Stamp]
