"""Resolve addresses to contacts, in any spelling of the provider, and set opt-outs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from core.messaging.contacts.addresses import Address, ResolvedContact
from core.messaging.contacts.directory import IdentityBatch
from core.messaging.outbound import status
from core.models import ContactIdentity


def resolve(session: Session, addresses: Sequence[Address]) -> list[ResolvedContact]:
    """Return the identity and contact of each address, creating missing ones, with one statement per step.

    A contact is found by a user id, else by any spelling of the number, while it was theirs. A number that comes with
    another user id than the known one has a new owner: it ends for the old one (`core.messaging.contacts.endings`). A
    profile name fills in a missing name and never overwrites one given in the console.
    """
    batch = IdentityBatch(session)
    batch.load(addresses)
    identities = [batch.place(address) for address in addresses]
    batch.save()
    return [batch.resolved(identity) for identity in identities]


def set_opted_out(session: Session, contact_id: int, kind: str, *, opted_out: bool) -> bool:
    """Set or lift a contact's opt-out at every address of this kind. Returns whether there is one.

    Queued messages to an address that opts out are cancelled. Lifting it also lifts a stop of marketing messages.
    """
    values = {"opted_out_at": func.now()} if opted_out else {"opted_out_at": None, "marketing_stopped_at": None}
    identity_ids = session.scalars(
        update(ContactIdentity)
        .where(ContactIdentity.contact_id == contact_id, ContactIdentity.kind == kind)
        .values(**values)
        .returning(ContactIdentity.id)
    ).all()
    if opted_out:
        status.cancel_queued(session, status.OPTED_OUT, identity_ids=identity_ids)
    return bool(identity_ids)
