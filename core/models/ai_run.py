"""One answer of the bot, and everything that explains it."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Integer, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Json, Stamp, Tenant


class AIRun(Tenant, Base):
    """`cost_usd` is null when the model's price is not known, which is not the same as free.

    `confidence` is what was compared with the threshold; what it was before calibration is `raw` among the parts that
    `trace` keeps.

    `message_id` is the message that was sent, null when nothing was (handed over silently, or the answer was stale).
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
    bot_id: Mapped[int | None] = mapped_column(ForeignKey("bots.id", ondelete="SET NULL"))
    settings_version: Mapped[int]
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
