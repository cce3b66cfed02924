"""Who wrote: the contact behind an address, whichever way the provider writes it this time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from core.channels.base import IdentityChange
from core.channels.numbers import lookup_key
from core.models import Contact, ContactIdentity


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach someone, as it came: the address itself, others of the same person, and what is known of them."""

    kind: str
    value: str
    aliases: tuple[str, ...] = ()
    phone: str | None = None
    name: str | None = None

    @property
    def key(self) -> str | None:
        return lookup_key(self.phone or self.value)


@dataclass(frozen=True, slots=True)
class Known:
    identity_id: int
    contact_id: int


class Directory:
    """The identities a batch of messages may concern, read once and completed as new ones are made."""

    def __init__(self, session: Session, business_id: int, addresses: Iterable[Address]) -> None:
        self.session = session
        self.business_id = business_id
        self._by_address: dict[tuple[str, str], Known] = {}
        self._contact_by_key: dict[str, int] = {}
        self._load(list(addresses))

    def find_or_create(self, address: Address) -> Known:
        """The identity of this address; its contact is found by any of the addresses, or by the number."""
        known = self._by_address.get((address.kind, address.value))
        contact_id = known.contact_id if known else self._contact_of(address)
        if contact_id is None:
            contact_id = self._create_contact(address.name or "")
        for value in (address.value, *address.aliases):
            if (address.kind, value) not in self._by_address:
                self._create_identity(contact_id, address.kind, value, address.key)
        return self._by_address[(address.kind, address.value)]

    def _load(self, addresses: list[Address]) -> None:
        values = {value for address in addresses for value in (address.value, *address.aliases)}
        keys = {key for address in addresses if (key := address.key)}
        rows = self.session.execute(
            select(
                ContactIdentity.id,
                ContactIdentity.contact_id,
                ContactIdentity.kind,
                ContactIdentity.address,
                ContactIdentity.lookup_key,
            )
            .where(or_(ContactIdentity.address.in_(values), ContactIdentity.lookup_key.in_(keys)))
            .order_by(ContactIdentity.id.desc())  # the oldest is read last and wins its key
        )
        for identity_id, contact_id, kind, value, key in rows:
            self._by_address[(kind, value)] = Known(identity_id, contact_id)
            if key:
                self._contact_by_key[key] = contact_id

    def _contact_of(self, address: Address) -> int | None:
        for value in address.aliases:
            if known := self._by_address.get((address.kind, value)):
                return known.contact_id
        return self._contact_by_key.get(address.key) if address.key else None

    def _create_contact(self, name: str) -> int:
        return self.session.execute(
            insert(Contact).values(business_id=self.business_id, name=name).returning(Contact.id)
        ).scalar_one()

    def _create_identity(self, contact_id: int, kind: str, value: str, key: str | None) -> None:
        identity_id = self.session.execute(
            insert(ContactIdentity)
            .values(business_id=self.business_id, contact_id=contact_id, kind=kind, address=value, lookup_key=key)
            .returning(ContactIdentity.id)
        ).scalar_one()
        self._by_address[(kind, value)] = Known(identity_id, contact_id)
        if key:
            self._contact_by_key.setdefault(key, contact_id)


def remember_names(session: Session, names: dict[int, str]) -> None:
    """Profile names fill in contacts that have none; a name a person gave in the console is never overwritten."""
    for contact_id, name in names.items():
        session.execute(update(Contact).where(Contact.id == contact_id, Contact.name == "").values(name=name))


def set_opted_out(session: Session, identity_ids: Sequence[int], *, opted_out: bool) -> None:
    """Record that these people asked not to be written to, or lifted it."""
    session.execute(
        update(ContactIdentity)
        .where(ContactIdentity.id.in_(identity_ids))
        .values(opted_out_at=func.now() if opted_out else None)
    )


def merge(session: Session, business_id: int, change: IdentityChange) -> Known:
    """A customer changed number: the new address belongs to the contact of the old one.

    If the new address was already known as someone else, it moves; the emptied contact points to where it went.
    """
    old = Address(kind=change.kind, value=change.old)
    new = Address(kind=change.kind, value=change.new)
    directory = Directory(session, business_id, [old, new])
    keep = directory.find_or_create(old)
    moved = directory.find_or_create(new)
    if moved.contact_id != keep.contact_id:
        session.execute(
            update(ContactIdentity).where(ContactIdentity.id == moved.identity_id).values(contact_id=keep.contact_id)
        )
        session.execute(update(Contact).where(Contact.id == moved.contact_id).values(merged_into_id=keep.contact_id))
    return Known(moved.identity_id, keep.contact_id)
