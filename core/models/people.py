"""Agents, teams, sessions, API keys, audit log and notifications."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Json, Stamp, Tenant, one_of
from core.platform.crypto import EncryptedJSON


class Role(StrEnum):
    """Role of an agent."""

    AGENT = "agent"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Agent(Tenant, Base):
    """A user of the console. `password_hash` is null until they set a password.

    `notices_read` is the id of the latest notification that they have read.
    """

    __tablename__ = "agents"
    __table_args__ = (one_of("role", Role), Index("uq_agents_email", func.lower(text("email")), unique=True))

    id: Mapped[Id]
    name: Mapped[str]
    email: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    language: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    failed_sign_ins: Mapped[int] = mapped_column(Integer, server_default="0")
    locked_until: Mapped[datetime | None]
    totp: Mapped[dict[str, str] | None] = mapped_column(EncryptedJSON)  # secret, last time step, recovery codes
    notices_read: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[Stamp]


class Team(Tenant, Base):
    """A group of agents who share conversations."""

    __tablename__ = "teams"
    __table_args__ = (Index("uq_teams_name", "business_id", func.lower(text("name")), unique=True),)

    id: Mapped[Id]
    name: Mapped[str]
    created_at: Mapped[Stamp]


class TeamMember(Tenant, Base):
    """Membership of an agent in a team."""

    __tablename__ = "team_members"
    __table_args__ = (Index(None, "agent_id"),)

    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)


class TokenKind(StrEnum):
    """What a token is for."""

    SESSION = "session"
    LINK = "link"  # logs in once
    CODE = "code"  # the password was right, the second factor is still required


class AgentToken(Tenant, Base):
    """A session cookie, a one-time link or a pending second factor. Only the hash is stored."""

    __tablename__ = "agent_tokens"
    __table_args__ = (one_of("kind", TokenKind), UniqueConstraint("token_hash"), Index(None, "agent_id"))

    id: Mapped[Id]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    kind: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Stamp]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str | None]
    last_seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class APIKey(Tenant, Base):
    """An API key. `prefix` is shown to identify it; the key itself is shown once."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("key_hash"),)

    id: Mapped[Id]
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    rate_per_minute: Mapped[int] = mapped_column(Integer, server_default="600")
    created_at: Mapped[Stamp]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Tenant, Base):
    """An entry of the audit log. The application's database role can only insert and read entries."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "business_id", text("id DESC")),
        Index("ix_audit_entries_spent", "business_id", "created_at", postgresql_where=text("data ? 'cost_usd'")),
    )

    id: Mapped[Id]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    data: Mapped[Json]
    created_at: Mapped[Stamp]


class Severity(StrEnum):
    """Severity of an alert or notification."""

    INFO = "info"
    WARNING = "warning"
    HIGH = "high"


class Notification(Tenant, Base):
    """A notification: a hand-off, a permanently failed message, a paused channel.

    `text` is English; `data` holds the values of its translations (`core.accounts.notification_texts`). `about`
    identifies the subject and `digest` the content, so that an event delivered twice creates one notification. The
    scheduler sends it through NOTIFY_URLS at `next_attempt_at` (null: never again); `attempts` counts the attempts.
    `sent_to` are the services (digests of their URLs) that have it, `sent_at` is when the last of them accepted it.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        one_of("severity", Severity),
        Index("ix_notifications_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index(None, "business_id", text("id DESC")),
        Index("ix_notifications_about", "business_id", "about", text("id DESC")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    severity: Mapped[str]
    text: Mapped[str]
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    data: Mapped[Json]
    about: Mapped[str] = mapped_column(server_default="")
    digest: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Stamp]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    sent_to: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    next_attempt_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
