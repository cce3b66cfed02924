"""Quotes and their lines."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant, one_of
from core.models.quote_states import QuoteState


class Quote(Tenant, Base):
    """What a customer asked for, at the prices of that time. A conversation has at most one undecided quote.

    A change creates a new quote and leaves the old one unchanged. `total` is in `currency` (ISO 4217) over the
    unambiguous lines; both are null if the lines have several currencies. `decided_at` is when it was decided or
    expired.
    """

    __tablename__ = "quotes"
    __table_args__ = (
        one_of("state", QuoteState),
        Index(
            "uq_quotes_waiting",
            "conversation_id",
            unique=True,
            postgresql_where=text("state IN ('asking', 'open')"),
        ),
        Index(None, "conversation_id"),
        Index(None, "business_id", text("id DESC")),
        Index(None, "business_id", "created_at"),
        Index(None, "business_id", "decided_at"),
        Index(None, "expires_at", postgresql_where=text("state IN ('asking', 'open')")),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    bot_id: Mapped[int | None] = mapped_column(ForeignKey("bots.id", ondelete="SET NULL"), index=True)
    state: Mapped[str]
    language: Mapped[str]
    currency: Mapped[str | None]
    total: Mapped[Decimal | None] = mapped_column(Numeric(16, 4))
    expires_at: Mapped[datetime]
    created_at: Mapped[Stamp]
    decided_at: Mapped[datetime | None]


class QuoteLine(Tenant, Base):
    """A line of a quote. Name, SKU, unit and price are copies: a quote does not change with the catalogue.

    While the product is ambiguous, `product_id` is null and `candidates` are the possible products; `quantity` is null
    while unknown. `amount` is the price of an unambiguous line. `confidence` is 0 to 1.
    """

    __tablename__ = "quote_lines"
    __table_args__ = (Index(None, "quote_id"),)

    id: Mapped[Id]
    quote_id: Mapped[int] = mapped_column(ForeignKey("quotes.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    words: Mapped[str]
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(14, 3))
    said_unit: Mapped[str] = mapped_column(server_default="")
    product_id: Mapped[int | None]
    sku: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str] = mapped_column(server_default="")
    unit: Mapped[str] = mapped_column(server_default="")
    price: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    currency: Mapped[str | None]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 4))
    confidence: Mapped[float]
    candidates: Mapped[list[int]] = mapped_column(ARRAY(BIGINT), server_default=text("'{}'"))
