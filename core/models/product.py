"""The product catalogue."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant


class Product(Tenant, Base):
    """A product, identified by its `sku` or, without one, by its name.

    `price` is per `unit` (kg, metro, caja; empty: piece). `currency` is an ISO 4217 code; empty: the business's.
    `aliases` are other names that customers use. Products that are not `active` are neither offered nor quoted.
    """

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        Index("uq_products_sku", "business_id", "sku", unique=True, postgresql_where=text("sku <> ''")),
        Index("uq_products_name", "business_id", "name", unique=True, postgresql_where=text("sku = ''")),
    )

    id: Mapped[Id]
    sku: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    unit: Mapped[str] = mapped_column(server_default="")
    price: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    currency: Mapped[str] = mapped_column(server_default="")
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Stamp]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
