"""API keys. The key is shown once, on creation; only its hash is stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from core.models import APIKey, AuditEntry
from core.platform import crypto
from core.platform.errors import BotHubError, NotFound
from core.platform.scope import Actor

PREFIX = "bh_"
_SHOWN = len(PREFIX) + 6  # characters of a key by which people recognize it
_QUIET = {"synchronize_session": False}


class Scope(StrEnum):
    """Permission of a key. `admin` allows everything, like `*`."""

    MESSAGES_WRITE = "messages:write"
    MESSAGES_READ = "messages:read"
    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WRITE = "conversations:write"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_WRITE = "catalogue:write"
    QUOTES_READ = "quotes:read"
    STATS_READ = "stats:read"
    QUEUE_READ = "queue:read"
    QUEUE_WRITE = "queue:write"
    ADMIN = "admin"


EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The attributes of a key, without the key itself."""

    id: int
    business_id: int
    name: str
    prefix: str
    scopes: Sequence[str]
    rate_per_minute: int
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(session: Session, name: str, scopes: Collection[str]) -> tuple[int, str]:
    """Create a key. Returns its row id and the key in clear text, which cannot be read again.

    Raises:
        BotHubError: a scope is not one of `Scope` or "*".
    """
    known = [*(scope.value for scope in Scope), EVERYTHING]
    if unknown := sorted(set(scopes).difference(known)):
        raise BotHubError(f"There is no scope {', '.join(unknown)}: choose among {', '.join(known)}.")
    key = crypto.new_token(PREFIX)
    key_id = session.execute(
        insert(APIKey)
        .values(
            name=name,
            prefix=key[:_SHOWN],
            key_hash=crypto.token_hash(key),
            scopes=sorted(set(scopes)),
        )
        .returning(APIKey.id)
    ).scalar_one()
    return key_id, key


def find(session: Session, key_hash: bytes) -> KeyFacts | None:
    """Return the active key with this hash, of any business. Needs a system transaction."""
    row = session.scalars(select(APIKey).where(APIKey.key_hash == key_hash, APIKey.revoked_at.is_(None))).one_or_none()
    return None if row is None else _facts(row)


def mark_used(session: Session, key_id: int) -> None:
    """Update `last_used_at`, at most once a minute."""
    session.execute(
        update(APIKey)
        .where(
            APIKey.id == key_id,
            or_(APIKey.last_used_at.is_(None), APIKey.last_used_at < func.now() - text("interval '1 minute'")),
        )
        .values(last_used_at=func.now())
        .execution_options(**_QUIET)
    )


def revoke(session: Session, key_id: int) -> None:
    """Revoke a key; the time of the first revocation stays. Raises `NotFound`."""
    revoked = session.execute(
        update(APIKey)
        .where(APIKey.id == key_id)
        .values(revoked_at=func.coalesce(APIKey.revoked_at, func.now()))
        .returning(APIKey.id)
        .execution_options(**_QUIET)
    ).one_or_none()
    if revoked is None:
        raise NotFound(f"No API key {key_id}.")


def revoke_made_by(session: Session, agent_id: int) -> list[int]:
    """Revoke the keys that an agent created, according to the audit log. Returns the ids of those revoked."""
    created = select(AuditEntry.subject).where(
        AuditEntry.actor == str(Actor.agent(agent_id)), AuditEntry.action == "api_key.create"
    )
    ids = [int(subject.partition(":")[2]) for subject in session.scalars(created)]
    revoked = session.scalars(
        update(APIKey)
        .where(APIKey.id.in_(ids), APIKey.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(APIKey.id)
        .execution_options(**_QUIET)
    )
    return sorted(revoked)


def list_keys(session: Session) -> Sequence[KeyFacts]:
    """Return the keys of a business, including revoked ones, newest first."""
    rows = session.scalars(select(APIKey).order_by(APIKey.id.desc()))
    return [_facts(row) for row in rows]


def _facts(row: APIKey) -> KeyFacts:
    return KeyFacts(
        id=row.id,
        business_id=row.business_id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        rate_per_minute=row.rate_per_minute,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
