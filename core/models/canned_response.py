"""Canned responses."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant


class CannedResponse(Tenant, Base):
    """A text that the composer inserts for `/shortcut`. It may contain variables such as {{contact.name}}."""

    __tablename__ = "canned_responses"
    __table_args__ = (UniqueConstraint("business_id", "shortcut"),)

    id: Mapped[Id]
    shortcut: Mapped[str]
    text: Mapped[str] = mapped_column()
    created_at: Mapped[Stamp]
