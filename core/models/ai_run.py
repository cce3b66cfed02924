"""Runs of the bot with their trace."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Integer, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Json, Stamp, Tenant


class AIRun(Tenant, Base):
    """One run of the bot. `cost_usd` is null if the model's price is unknown, which differs from free.

    `confidence` is the value compared with the threshold; `raw` in `trace` is the value before calibration.

    `message_id` is the message sent, null if none was (a silent hand-off, or a stale answer).
    """

    __tablename__ = "ai_runs"
    __table_args__ = (
        Index(None, "conversation_id"),
        Index(None, "message_id"),
        Index(None, "business_id", "created_at"),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    bot_id: Mapped[int | None] = mapped_column(ForeignKey("bots.id", ondelete="SET NULL"), index=True)
    settings_version: Mapped[int] = mapped_column(Integer)
    prompt_version: Mapped[str]
    outcome: Mapped[str]
    decided_by: Mapped[str]
    model: Mapped[str | None]
    confidence: Mapped[float | None]
    input_tokens: Mapped[int | None] = mapped_column(Integer)
    cached_tokens: Mapped[int | None] = mapped_column(Integer)
    output_tokens: Mapped[int | None] = mapped_column(Integer)
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(14, 8))
    latency_ms: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None]
    trace: Mapped[Json]
    created_at: Mapped[Stamp]
