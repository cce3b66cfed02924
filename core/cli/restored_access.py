"""Who may come in after a backup was put back: nobody through what was ended since it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Ended:
    """Whom and what the desk had shut out by now: people by address, API keys by their hash."""

    people: list[str]
    keys: list[bytes]


NOTHING_ENDED = Ended([], [])

_PEOPLE = "SELECT lower(email) FROM agents WHERE disabled_at IS NOT NULL"
_KEYS = "SELECT key_hash FROM api_keys WHERE revoked_at IS NOT NULL"


def ended_by_now(connection: Connection[Any]) -> Ended:
    """What the database that is going to be emptied knows."""
    people = [email for (email,) in connection.execute(_PEOPLE)]
    return Ended(people, [bytes(key) for (key,) in connection.execute(_KEYS)])


def shut(connection: Connection[Any], ended: Ended) -> None:
    """Drop every session and one-time link of the backup, and end again what was ended."""
    connection.execute("DELETE FROM agent_tokens")
    connection.execute(
        "UPDATE agents SET disabled_at = now() WHERE disabled_at IS NULL AND lower(email) = ANY(%s)", [ended.people]
    )
    connection.execute(
        "UPDATE api_keys SET revoked_at = now() WHERE revoked_at IS NULL AND key_hash = ANY(%s)", [ended.keys]
    )
