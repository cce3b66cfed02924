"""Contacts and their addresses at providers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Computed, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from core.channels.types import Kind
from core.models.base import Base, Id, Json, Stamp, Tenant, one_of
from core.models.message import FOLDED


class Contact(Tenant, Base):
    """A customer. `merged_into_id` is set if the contact was merged into another one."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index(None, "business_id", "id"),
        Index("ix_contacts_search", "search", postgresql_using="gin"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(server_default="")
    custom: Mapped[Json]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Stamp]
    search: Mapped[str | None] = mapped_column(
        TSVECTOR, Computed(f"to_tsvector('simple', {FOLDED.format('name')})", persisted=True), deferred=True
    )


class ContactIdentity(Tenant, Base):
    """An address of a contact, verbatim as the provider writes it (wa_id, BSUID or +number).

    `lookup_key` is a normalized phone number, used only for search. `username` is chosen by the customer at the
    provider and may change.
    `ended_at` is when the address stopped belonging to the contact (the number changed owner): from then on it is not
    used to find or message them, and another contact may have it. `account` is our provider account in which a user id
    is valid: a customer has a different one in each.
    `pair_slot_at` is the theoretical arrival time of the rate limit per address.
    """

    __tablename__ = "contact_identities"
    __table_args__ = (
        one_of("kind", Kind),
        Index(
            "uq_contact_identities_live",
            "business_id",
            "kind",
            "address",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_contact_identities_address", "business_id", "address"),
        Index(None, "business_id", "lookup_key"),
        Index("ix_contact_identities_username", text("lower(username)"), postgresql_where=text("username IS NOT NULL")),
        Index(None, "contact_id"),
    )

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    kind: Mapped[str]
    address: Mapped[str]
    lookup_key: Mapped[str | None]
    username: Mapped[str | None]
    account: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    opted_out_at: Mapped[datetime | None]
    marketing_stopped_at: Mapped[datetime | None]
    pair_slot_at: Mapped[datetime | None]
    created_at: Mapped[Stamp]


class ContactMerge(Tenant, Base):
    """A merge of two contacts. `undo_data` is what undoing it needs: ids and previous values."""

    __tablename__ = "contact_merges"
    __table_args__ = (Index(None, "kept_id"), Index(None, "merged_id"))

    id: Mapped[Id]
    kept_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    undo_data: Mapped[Json]
    created_at: Mapped[Stamp]
    undone_at: Mapped[datetime | None]
