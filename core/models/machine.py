"""The machines that share the database. They belong to the installation, not to a business."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class Machine(Base):
    """A DATA_DIR with processes on it (`core.platform.machines`): when one of them was heard of last, and on which
    host.
    """

    __tablename__ = "machines"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    hostname: Mapped[str]
    seen_at: Mapped[datetime]
    has_media_url: Mapped[bool]
