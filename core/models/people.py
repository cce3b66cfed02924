"""Who may do what: agents and their sessions, API keys, the audit log, and notices to people."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Json, Stamp, Tenant, one_of
from core.platform.crypto import EncryptedJSON


class Role(StrEnum):
    AGENT = "agent"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Agent(Tenant, Base):
    """A person who works in the console. `password_hash` is null until they choose one.

    `notices_read` is the newest notice that they have seen in the list.
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
    """People who share conversations."""

    __tablename__ = "teams"
    __table_args__ = (Index("uq_teams_name", "business_id", func.lower(text("name")), unique=True),)

    id: Mapped[Id]
    name: Mapped[str]
    created_at: Mapped[Stamp]


class TeamMember(Tenant, Base):
    """That a person belongs to a team."""

    __tablename__ = "team_members"
    __table_args__ = (Index(None, "agent_id"),)

    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)


class TokenKind(StrEnum):
    SESSION = "session"
    LINK = "link"  # signs in once, then is spent
    CODE = "code"  # the password was right, the second proof is owed


class AgentToken(Tenant, Base):
    """A session cookie or a one-time link. Only the hash is kept."""

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
    """A key of another program. `prefix` is shown to recognise it by; the key itself is shown once."""

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
    """Who did what, to what, when. The application's role can add entries and read them, nothing else."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "business_id", text("id DESC")),
        Index("ix_audit_log_spent", "business_id", "created_at", postgresql_where=text("data ? 'cost_usd'")),
    )

    id: Mapped[Id]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    data: Mapped[Json]
    created_at: Mapped[Stamp]


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    HIGH = "high"


class Notice(Tenant, Base):
    """Something a person must hear of: a hand-over, a message failed for good, a number paused.

    `text` is English; `data` holds what its words in other languages name (`core.accounts.notification_texts`).
    `about` names
    what it concerns and `digest` what it says of that, so that news delivered twice is noted once. The scheduler sends
    it through NOTIFY_URLS at `next_try_at` (null: no more), after `tries` that failed; `sent_to` are the services
    (digests of their addresses) that have it, and `sent_at` is when the last of them took it.
    """

    __tablename__ = "notices"
    __table_args__ = (
        one_of("severity", Severity),
        Index("ix_notices_due", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
        Index(None, "business_id", text("id DESC")),
        Index("ix_notices_about", "business_id", "about", text("id DESC")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    severity: Mapped[str]
    text: Mapped[str]
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    data: Mapped[Json]
    about: Mapped[str] = mapped_column(server_default="")
    digest: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Stamp]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    sent_to: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    next_try_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
