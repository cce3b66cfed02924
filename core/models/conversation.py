"""Conversations and pending replies of the bot."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from core.channels.types import Kind
from core.models.base import Base, Id, Stamp, Tenant, one_of


class ConversationStatus(StrEnum):
    """Status of a conversation."""

    OPEN = "open"
    PENDING = "pending"  # waiting for the customer
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Mode(StrEnum):
    """Whether the bot or people answer."""

    BOT = "bot"
    HUMAN = "human"


# Whether the last message of the customer of conversation `c` was in a group and no private message waits for an
# answer: an answer would be meant for the group, which no provider supports.
IN_GROUP = """(c.waiting_since IS NULL AND coalesce((
    SELECT g.payload ? 'group_id' FROM messages g
    WHERE g.conversation_id = c.id AND g.sender = 'customer' AND g.type NOT IN ('reaction', 'edit', 'revoke', 'system')
    ORDER BY g.created_at DESC, g.id DESC LIMIT 1), false))"""


class Conversation(Tenant, Base):
    """The messages of one customer and the business on one channel, until it is closed.

    `waiting_since` is the time of the oldest unanswered customer message: an answer counts once it is sent, and only
    for earlier messages (`asked_id` is the latest message that needs an answer). `unsent_id` is an outbound message
    that failed or is uncertain, since `unsent_at`. No customer message is later than `last_message_at`.
    `window_expires_at` is 24 hours after the customer's last message, null without one or on channels without a
    window (SMS, email).
    `imported`: history from before the number was connected (`core.messaging.inbound.history`), excluded from reports.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("status", ConversationStatus),
        one_of("mode", Mode),
        CheckConstraint("priority BETWEEN 0 AND 3", name="priority"),
        CheckConstraint("csat BETWEEN 1 AND 5", name="csat"),
        Index(
            "uq_conversations_open",
            "channel_id",
            "contact_id",
            unique=True,
            postgresql_where=text("status <> 'closed'"),
        ),
        Index(None, "contact_id"),
        Index(None, "business_id", text("last_message_at DESC"), text("id DESC")),
        Index(None, "business_id", "status", text("last_message_at DESC"), text("id DESC")),
        Index(None, "business_id", "assignee_id", "status", text("last_message_at DESC"), text("id DESC")),
        Index(None, "business_id", "kind", text("last_message_at DESC"), text("id DESC")),
        Index(None, "business_id", "created_at"),
        Index(None, "business_id", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index(
            "ix_conversations_team",
            "team_id",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index(None, "snoozed_until", postgresql_where=text("status = 'snoozed'")),
        Index(None, "waiting_since", postgresql_where=text("waiting_since IS NOT NULL")),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="RESTRICT"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("contact_identities.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=ConversationStatus.OPEN)
    mode: Mapped[str] = mapped_column(server_default=Mode.BOT)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="RESTRICT"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"))
    unread_count: Mapped[int] = mapped_column(Integer, server_default="0")
    bot_turns: Mapped[int] = mapped_column(Integer, server_default="0")
    waiting_since: Mapped[datetime | None]
    handoff_reason: Mapped[str | None]
    handed_off_at: Mapped[datetime | None]
    last_message_at: Mapped[Stamp]
    last_message_text: Mapped[str] = mapped_column(server_default="")
    window_expires_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    asked_id: Mapped[int | None]
    unsent_id: Mapped[int | None]
    unsent_at: Mapped[datetime | None]
    csat: Mapped[int | None] = mapped_column(SmallInteger)
    csat_requested_at: Mapped[datetime | None]
    created_at: Mapped[Stamp]
    closed_at: Mapped[datetime | None]
    imported: Mapped[bool] = mapped_column(server_default=text("false"))


class PendingReply(Tenant, Base):
    """A pending reply of the bot, due at `due_at`.

    The row exists while a reply is pending. A claim writes a new `lease` token until `leased_until`; completing deletes
    the row only if the token and `latest_message_id` are unchanged, so that a lost lease, a newer message and a person
    taking over all discard the stale reply.
    """

    __tablename__ = "pending_replies"
    __table_args__ = (Index(None, "due_at"),)

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime]
    first_message_at: Mapped[Stamp]
    latest_message_id: Mapped[int]
    lease: Mapped[uuid.UUID | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
