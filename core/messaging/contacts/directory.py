"""Resolve the addresses of one batch of messages to their owners at the time of writing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.channels.phone_numbers import is_bsuid
from core.messaging.contacts import endings, merging
from core.messaging.contacts.addresses import Address, ResolvedContact
from core.platform.db import business_of, run


@dataclass(slots=True, eq=False)
class _ContactDraft:
    """A contact, or one to be created (`contact_id` None)."""

    contact_id: int | None
    name: str


@dataclass(slots=True, eq=False)
class _IdentityDraft:
    """An identity, or one to be created (`identity_id` None). `loaded_end` is the end stored in the database."""

    identity_id: int | None
    person: _ContactDraft
    kind: str
    value: str
    key: str | None
    account: str | None = None
    ended_at: datetime | None = None
    username: str | None = None
    loaded_end: datetime | None = None

    def held(self, at: datetime | None) -> bool:
        """Return whether the identity belonged to its person at that moment."""
        return self.ended_at is None or (at is not None and at < self.ended_at)


_FOREVER = datetime.max.replace(tzinfo=UTC)


class IdentityBatch:
    """The identities of one batch of addresses, and the changes to save."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._entries: dict[tuple[str, str], list[_IdentityDraft]] = defaultdict(list)
        self._by_key: dict[str, list[_IdentityDraft]] = defaultdict(list)
        self._named: dict[int, _ContactDraft] = {}
        self._renamed: list[_IdentityDraft] = []
        self._rekeyed: list[_IdentityDraft] = []
        self._taken: list[_IdentityDraft] = []
        self._joined: list[tuple[int, int]] = []
        self._current: dict[tuple[int, str], int] = {}

    def load(self, addresses: Sequence[Address]) -> None:
        """Load the identities known at these addresses."""
        values = {value for address in addresses for value in address.values}
        keys = {key for address in addresses if (key := address.key)}
        rows = run(self._session, _KNOWN, {"values": list(values), "keys": list(keys)})
        people: dict[int, _ContactDraft] = {}
        for identity_id, contact_id, kind, value, key, name, username, account, ended_at in rows:
            person = people.setdefault(contact_id, _ContactDraft(contact_id, name))
            self._add(_IdentityDraft(identity_id, person, kind, value, key, account, ended_at, username, ended_at))

    def place(self, address: Address) -> _IdentityDraft:
        """Return the identity of this address, adding a new contact if it has no owner."""
        person = self._person_of(address) or _ContactDraft(None, address.name or "")
        if address.name and not person.name:
            person.name = address.name
            if person.contact_id is not None:
                self._named[person.contact_id] = person
        own = [self._own(address, value, person) for value in address.values]
        return own[0]

    def save(self) -> None:
        """Insert new contacts and identities, end those that have another owner now, and save new names."""
        self._save_endings()
        fresh = [entry for own in self._entries.values() for entry in own if entry.identity_id is None]
        people = list({id(entry.person): entry.person for entry in fresh if entry.person.contact_id is None}.values())
        for person, contact_id in zip(
            people, self._insert(_CONTACTS, names=[person.name for person in people]), strict=True
        ):
            person.contact_id = contact_id
        identity_ids = self._insert(
            IDENTITIES,
            contacts=[entry.person.contact_id for entry in fresh],
            kinds=[entry.kind for entry in fresh],
            addresses=[entry.value for entry in fresh],
            keys=[entry.key for entry in fresh],
            accounts=[entry.account for entry in fresh],
            ends=[entry.ended_at for entry in fresh],
        )
        for entry, identity_id in zip(fresh, identity_ids, strict=True):
            entry.identity_id = identity_id
        if more := [entry.identity_id for entry in fresh if entry.person not in people]:
            self._session.execute(INHERIT_OPT_OUTS, {"ids": more})
        if changed := {id(entry): entry for entry in (*self._renamed, *self._rekeyed)}.values():
            columns = {
                "ids": [entry.identity_id for entry in changed],
                "names": [entry.username for entry in changed],
                "keys": [entry.key for entry in changed],
            }
            run(self._session, _CHANGED, columns)
        if self._named:
            people_named = [{"contact": contact_id, "name": person.name} for contact_id, person in self._named.items()]
            self._session.execute(_NAME, people_named)
        for keep_id, merged_id in self._joined:
            merging.merge(self._session, keep_id, merged_id)
        if self._taken:
            taken = [entry.identity_id for entry in self._taken if entry.identity_id is not None]
            endings.announce(self._session, taken)
        self._find_current()

    def resolved(self, entry: _IdentityDraft) -> ResolvedContact:
        """Return the contact and the current identity of an entry."""
        assert entry.identity_id is not None and entry.person.contact_id is not None
        current = self._current.get((entry.person.contact_id, entry.kind)) if entry.loaded_end else None
        return ResolvedContact(current or entry.identity_id, entry.person.contact_id)

    def _person_of(self, address: Address) -> _ContactDraft | None:
        users = [value for value in address.values if is_bsuid(value)]
        user = self._first(address, users)
        holder = self._first(address, [value for value in address.values if value not in users])
        holder = holder or (self._by_number(address.key, address.at) if address.key else None)
        if holder is None or (user is not None and user.person is holder.person):
            return user.person if user else None
        if self._has_another_user(holder, users, address):
            self._end_number(holder.person, address.key, address.at)
            return user.person if user else None
        if user is not None and holder.ended_at is None and user.ended_at is None:
            self._join(holder.person, user.person)
        return (user or holder).person

    def _first(self, address: Address, values: Sequence[str]) -> _IdentityDraft | None:
        found = (self._held(address.kind, value, address.at) for value in values)
        return next(filter(None, found), None)

    def _held(self, kind: str, value: str, at: datetime | None) -> _IdentityDraft | None:
        """Return the address's owner at that time: of those who had it until later, the first to lose it."""
        held = [entry for entry in self._entries.get((kind, value), ()) if entry.held(at)]
        return min(held, key=lambda entry: entry.ended_at or _FOREVER, default=None)

    def _by_number(self, key: str, at: datetime | None) -> _IdentityDraft | None:
        held = [entry for entry in self._by_key.get(key, ()) if entry.held(at)]
        return min(held, key=lambda entry: entry.ended_at or _FOREVER, default=None)

    def _has_another_user(self, holder: _IdentityDraft, users: Sequence[str], address: Address) -> bool:
        """Return whether the number's holder has, at this account, another user id than the message carries."""
        theirs = [
            entry.value
            for entry in self._by_key.get(address.key or "", ())
            if entry.person is holder.person and is_bsuid(entry.value) and entry.held(address.at)
            and entry.account == address.account
        ]  # fmt: skip
        return bool(users) and bool(theirs) and not set(users) & set(theirs)

    def _end_number(self, person: _ContactDraft, key: str | None, at: datetime | None) -> None:
        """End the number for this person from then on, in every spelling and on every channel."""
        for entry in self._by_key.get(key or "", ()):
            if entry.person is not person or entry.ended_at is not None:
                continue
            if is_bsuid(entry.value):
                entry.key = None
                self._rekeyed.append(entry)
            else:
                entry.ended_at = at or datetime.now(UTC)
                self._taken.append(entry)

    def _join(self, keep: _ContactDraft, other: _ContactDraft) -> None:
        """Join the owners of a number and of a user id that turn out to be one person."""
        if keep.contact_id is None:
            keep, other = other, keep
        for own in self._entries.values():
            for entry in own:
                if entry.person is other:
                    entry.person = keep
        if keep.contact_id is not None and other.contact_id is not None:
            self._joined.append((keep.contact_id, other.contact_id))

    def _own(self, address: Address, value: str, person: _ContactDraft) -> _IdentityDraft:
        entry = self._held(address.kind, value, address.at)
        if entry is None:
            account = address.account if is_bsuid(value) else None
            entry = self._add(_IdentityDraft(None, person, address.kind, value, address.key, account))
        if address.username and entry.username != address.username:
            entry.username = address.username
            self._renamed.append(entry)
        if is_bsuid(value) and address.key and entry.key != address.key and entry.ended_at is None:
            if entry.key is not None:  # one user id has one number: end the earlier one
                self._end_number(entry.person, entry.key, address.at)
            entry.key = address.key
            self._by_key[address.key].append(entry)
            self._rekeyed.append(entry)
        return entry

    def _add(self, entry: _IdentityDraft) -> _IdentityDraft:
        self._entries[(entry.kind, entry.value)].append(entry)
        if entry.key:
            self._by_key[entry.key].append(entry)
        return entry

    def _save_endings(self) -> None:
        if ended := [entry for entry in self._taken if entry.identity_id is not None]:
            columns = {
                "ids": [entry.identity_id for entry in ended],
                "ends": [entry.ended_at for entry in ended],
            }
            run(self._session, _END, columns)

    def _find_current(self) -> None:
        """Find the current identities of people who wrote from an address before it ended."""
        people = {entry.person for own in self._entries.values() for entry in own if entry.loaded_end is not None}
        contacts = [person.contact_id for person in people if person.contact_id is not None]
        if contacts:
            rows = run(self._session, _CURRENT, {"contacts": contacts})
            self._current = {(contact_id, kind): identity_id for contact_id, kind, identity_id in rows}

    def _insert(self, statement: str, **columns: Sequence[Any]) -> list[int]:
        """Insert rows and return their ids in the same order: ids are assigned row by row."""
        if not any(columns.values()):
            return []
        return sorted(run(self._session, statement, {"business": business_of(self._session), **columns}).scalars())


_CONTACTS = """
INSERT INTO contacts (business_id, name)
SELECT %(business)s, name FROM unnest(%(names)s::text[]) WITH ORDINALITY AS row (name, number) ORDER BY number
RETURNING id
"""
IDENTITIES = """
INSERT INTO contact_identities (business_id, contact_id, kind, address, lookup_key, account, ended_at)
SELECT %(business)s, contact, kind, address, key, account, ended
FROM unnest(%(contacts)s::bigint[], %(kinds)s::text[], %(addresses)s::text[], %(keys)s::text[], %(accounts)s::text[],
            %(ends)s::timestamptz[]) WITH ORDINALITY AS row (contact, kind, address, key, account, ended, number)
ORDER BY number
RETURNING id
"""


_KNOWN = """
SELECT i.id, i.contact_id, i.kind, i.address, i.lookup_key, c.name, i.username, i.account, i.ended_at
FROM contact_identities i JOIN contacts c ON c.id = i.contact_id
WHERE i.address = ANY(%(values)s::text[]) OR i.lookup_key = ANY(%(keys)s::text[])
ORDER BY i.id
"""
_END = """
UPDATE contact_identities SET ended_at = new.ended
FROM unnest(%(ids)s::bigint[], %(ends)s::timestamptz[]) AS new (id, ended) WHERE contact_identities.id = new.id
"""
_CHANGED = """
UPDATE contact_identities SET username = new.name, lookup_key = new.key
FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(keys)s::text[]) AS new (id, name, key)
WHERE contact_identities.id = new.id
"""
_CURRENT = """
SELECT DISTINCT ON (contact_id, kind) contact_id, kind, id FROM contact_identities
WHERE contact_id = ANY(%(contacts)s::bigint[]) AND ended_at IS NULL
ORDER BY contact_id, kind, lookup_key IS NULL, address !~ '^[0-9+]', id DESC
"""
_NAME = text("UPDATE contacts SET name = :name WHERE id = :contact AND name = ''")
INHERIT_OPT_OUTS = text("""
UPDATE contact_identities i SET opted_out_at = earlier.opted_out_at FROM contact_identities earlier
WHERE i.id = ANY(:ids) AND earlier.contact_id = i.contact_id AND earlier.kind = i.kind
  AND earlier.opted_out_at IS NOT NULL
""")
