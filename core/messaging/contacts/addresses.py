"""An address as it came, and who was found behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.channels.phone_numbers import lookup_key


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach someone, as it came: the address itself, others of the same person, and what is known of them.

    `account` is our account at the provider, for user ids differ from account to account. `at`: when they wrote from
    there, None for now; a number that has changed hands since belongs to whoever had it then.
    """

    kind: str
    value: str
    aliases: tuple[str, ...] = ()
    phone: str | None = None
    name: str | None = None
    username: str | None = None
    account: str = ""
    at: datetime | None = None

    @property
    def key(self) -> str | None:
        return lookup_key(self.phone or self.value)

    @property
    def values(self) -> tuple[str, ...]:
        return (self.value, *self.aliases)


@dataclass(frozen=True, slots=True)
class Known:
    """Who it is, and where they are written to."""

    identity_id: int
    contact_id: int
