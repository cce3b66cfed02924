"""Access after a restore: what was revoked since the backup stays revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Revoked:
    """Disabled users by e-mail address, and revoked API keys by hash."""

    people: list[str]
    keys: list[bytes]


NOTHING_REVOKED = Revoked([], [])

_PEOPLE = "SELECT lower(email) FROM agents WHERE disabled_at IS NOT NULL"
_KEYS = "SELECT key_hash FROM api_keys WHERE revoked_at IS NOT NULL"


def current_revocations(connection: Connection[Any]) -> Revoked:
    """Read the revocations of a database before it is emptied."""
    people = [email for (email,) in connection.execute(_PEOPLE)]
    return Revoked(people, [bytes(key) for (key,) in connection.execute(_KEYS)])


def revoke(connection: Connection[Any], revoked: Revoked) -> None:
    """Delete every session and one-time link of the backup, and apply the revocations."""
    connection.execute("DELETE FROM agent_tokens")
    connection.execute(
        "UPDATE agents SET disabled_at = now() WHERE disabled_at IS NULL AND lower(email) = ANY(%s)", [revoked.people]
    )
    connection.execute(
        "UPDATE api_keys SET revoked_at = now() WHERE revoked_at IS NULL AND key_hash = ANY(%s)", [revoked.keys]
    )
