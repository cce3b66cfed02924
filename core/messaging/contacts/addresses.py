"""A customer's address as received, and the contact it resolves to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.channels.phone_numbers import lookup_key


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach someone as received: the address itself, other addresses of the same person, and their profile.

    `account` is our account at the provider, because user ids differ by account. `at`: when they wrote from there, None
    for now; a number that has changed hands since belongs to its owner at that time.
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
class ResolvedContact:
    """The contact and the identity at which they are written to."""

    identity_id: int
    contact_id: int
