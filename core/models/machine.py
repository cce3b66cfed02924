"""Machines that share the database, of the whole installation."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class Machine(Base):
    """A DATA_DIR with running processes (`core.platform.machines`), its host and last heartbeat."""

    __tablename__ = "machines"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    hostname: Mapped[str]
    seen_at: Mapped[datetime]
    has_media_url: Mapped[bool]
