"""Alerts about the service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from core.models.base import Base, Id, Stamp, Tenant, one_of
from core.models.people import Severity


class Alert(Tenant, Base):
    """A condition that needs attention. Open until `cleared_at`; at most one open per kind and subject."""

    __tablename__ = "alerts"
    __table_args__ = (
        one_of("severity", Severity),
        Index(
            "uq_alerts_open", "business_id", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")
        ),
        Index(None, "business_id", "opened_at"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    severity: Mapped[str]
    subject: Mapped[str]
    opened_at: Mapped[Stamp]
    last_seen_at: Mapped[Stamp]
    cleared_at: Mapped[datetime | None]
    notified_at: Mapped[Stamp]
