"""Who wrote: the contact behind an address, whichever way the provider writes it this time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from core.channels.base import IdentityChange
from core.channels.numbers import lookup_key
from core.contacts import merging
from core.db import run
from core.models import ContactIdentity


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach someone, as it came: the address itself, others of the same person, and what is known of them."""

    kind: str
    value: str
    aliases: tuple[str, ...] = ()
    phone: str | None = None
    name: str | None = None
    username: str | None = None

    @property
    def key(self) -> str | None:
        return lookup_key(self.phone or self.value)


@dataclass(frozen=True, slots=True)
class Known:
    identity_id: int
    contact_id: int


@dataclass(slots=True)
class _Person:
    """A contact, or one about to be made (`contact_id` None)."""

    contact_id: int | None
    name: str


@dataclass(slots=True)
class _Entry:
    """An identity, or one about to be made (`identity_id` None)."""

    identity_id: int | None
    person: _Person
    key: str | None
    username: str | None = None


def resolve(session: Session, business_id: int, addresses: Sequence[Address]) -> list[Known]:
    """The identity and contact behind each address, made where there is none, with one statement for each step.

    A contact is found by any of the addresses, or by the number however it is written. A profile name fills in a
    contact that has none; a name that a person gave in the console is never overwritten.
    """
    directory = _Directory(session, business_id)
    directory.load(addresses)
    for address in addresses:
        directory.place(address)
    directory.save()
    return [directory.known(address) for address in addresses]


class _Directory:
    """What is known of the addresses of one batch."""

    def __init__(self, session: Session, business_id: int) -> None:
        self._session = session
        self._business_id = business_id
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._by_key: dict[str, _Person] = {}
        self._named: dict[int, _Person] = {}
        self._renamed: dict[tuple[str, str], _Entry] = {}

    def load(self, addresses: Sequence[Address]) -> None:
        values = {value for address in addresses for value in (address.value, *address.aliases)}
        keys = {key for address in addresses if (key := address.key)}
        rows = run(self._session, _KNOWN, {"values": list(values), "keys": list(keys)})
        people: dict[int, _Person] = {}
        for identity_id, contact_id, kind, value, key, name, username in rows:
            person = people.setdefault(contact_id, _Person(contact_id, name))
            self._entries[(kind, value)] = _Entry(identity_id, person, key, username)
            if key:
                self._by_key.setdefault(key, person)

    def place(self, address: Address) -> None:
        """Find whose address this is, or decide that it is someone new."""
        person = self._person_of(address)
        if person is None:
            person = _Person(None, address.name or "")
        elif address.name and not person.name and person.contact_id is not None:
            person.name = address.name
            self._named[person.contact_id] = person
        for value in (address.value, *address.aliases):
            entry = self._entries.setdefault((address.kind, value), _Entry(None, person, address.key))
            if address.username and entry.username != address.username:
                entry.username = address.username
                self._renamed[(address.kind, value)] = entry
        if address.key:
            self._by_key.setdefault(address.key, person)

    def save(self) -> None:
        """Make the new contacts and identities, and keep the new names."""
        fresh = [(pair, entry) for pair, entry in self._entries.items() if entry.identity_id is None]
        people = list(
            {id(entry.person): entry.person for _, entry in fresh if entry.person.contact_id is None}.values()
        )
        for person, contact_id in zip(
            people, self._insert(_CONTACTS, names=[person.name for person in people]), strict=True
        ):
            person.contact_id = contact_id
        identity_ids = self._insert(
            _IDENTITIES,
            contacts=[entry.person.contact_id for _, entry in fresh],
            kinds=[kind for (kind, _), _ in fresh],
            addresses=[value for (_, value), _ in fresh],
            keys=[entry.key for _, entry in fresh],
        )
        for (_, entry), identity_id in zip(fresh, identity_ids, strict=True):
            entry.identity_id = identity_id
        if more := [entry.identity_id for _, entry in fresh if entry.person not in people]:
            self._session.execute(_WISHES_STAY, {"ids": more})
        if self._renamed:
            ids = [entry.identity_id for entry in self._renamed.values()]
            names = [entry.username for entry in self._renamed.values()]
            run(self._session, _USERNAMES, {"ids": ids, "names": names})
        if self._named:
            people_named = [{"contact": contact_id, "name": person.name} for contact_id, person in self._named.items()]
            self._session.execute(_NAME, people_named)

    def known(self, address: Address) -> Known:
        entry = self._entries[(address.kind, address.value)]
        assert entry.identity_id is not None and entry.person.contact_id is not None
        return Known(entry.identity_id, entry.person.contact_id)

    def _person_of(self, address: Address) -> _Person | None:
        for value in (address.value, *address.aliases):
            if entry := self._entries.get((address.kind, value)):
                return entry.person
        return self._by_key.get(address.key) if address.key else None

    def _insert(self, statement: str, **columns: Sequence[Any]) -> list[int]:
        """Insert rows and return their ids in the same order: they are counted up row by row."""
        if not any(columns.values()):
            return []
        return sorted(run(self._session, statement, {"business": self._business_id, **columns}).scalars())


_CONTACTS = """
INSERT INTO contacts (business_id, name)
SELECT %(business)s, name FROM unnest(%(names)s::text[]) WITH ORDINALITY AS row (name, number) ORDER BY number
RETURNING id
"""
_IDENTITIES = """
INSERT INTO identities (business_id, contact_id, kind, address, lookup_key)
SELECT %(business)s, contact, kind, address, key
FROM unnest(%(contacts)s::bigint[], %(kinds)s::text[], %(addresses)s::text[], %(keys)s::text[]) WITH ORDINALITY
     AS row (contact, kind, address, key, number) ORDER BY number
RETURNING id
"""


_KNOWN = """
SELECT i.id, i.contact_id, i.kind, i.address, i.lookup_key, c.name, i.username
FROM identities i JOIN contacts c ON c.id = i.contact_id
WHERE i.address = ANY(%(values)s::text[]) OR i.lookup_key = ANY(%(keys)s::text[])
ORDER BY i.id
"""
_USERNAMES = """
UPDATE identities SET username = new.name FROM unnest(%(ids)s::bigint[], %(names)s::text[]) AS new (id, name)
WHERE identities.id = new.id
"""
_NAME = text("UPDATE contacts SET name = :name WHERE id = :contact AND name = ''")


_WISHES_STAY = text("""
UPDATE identities i SET opted_out_at = earlier.opted_out_at FROM identities earlier
WHERE i.id = ANY(:ids) AND earlier.contact_id = i.contact_id AND earlier.kind = i.kind
  AND earlier.opted_out_at IS NOT NULL
""")


def set_opted_out(session: Session, contact_id: int, kind: str, *, opted_out: bool) -> Sequence[int]:
    """This person asked not to be written to, or lifted it, at any address of this kind. Returns those identities.

    Whoever lifts it lifts a stop of marketing messages too.
    """
    wish = {"opted_out_at": func.now()} if opted_out else {"opted_out_at": None, "marketing_stopped_at": None}
    return session.scalars(
        update(ContactIdentity)
        .where(ContactIdentity.contact_id == contact_id, ContactIdentity.kind == kind)
        .values(**wish)
        .returning(ContactIdentity.id)
        .execution_options(synchronize_session=False)
    ).all()


def merge(session: Session, business_id: int, change: IdentityChange) -> Known:
    """A customer changed number: the new address belongs to the contact of the old one.

    If the new address was already known as someone else, that contact is merged into the one of the old address.
    """
    (keep,) = resolve(session, business_id, [Address(change.kind, change.old)])
    (moved,) = resolve(session, business_id, [Address(change.kind, change.new, aliases=(change.old,))])
    if moved.contact_id != keep.contact_id:
        merging.merge(session, business_id, keep.contact_id, moved.contact_id, "system")
    return Known(moved.identity_id, keep.contact_id)
