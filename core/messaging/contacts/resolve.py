"""Who wrote: the contact behind an address, whichever way the provider writes it this time; and what they wish."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from core.messaging.contacts.addresses import Address, Known
from core.messaging.contacts.directory import Directory
from core.models import ContactIdentity


def resolve(session: Session, business_id: int, addresses: Sequence[Address]) -> list[Known]:
    """The identity and contact behind each address, made where there is none, with one statement for each step.

    A contact is found by a user id, else by the number however it is written, as long as that was theirs. A number that
    comes with another user id than the one known for it has another owner: it ends for whoever had it
    (`core.messaging.contacts.endings`). A profile name fills in a contact that has none; a name that a person gave in
    the console is
    never overwritten.
    """
    directory = Directory(session, business_id)
    directory.load(addresses)
    placed = [directory.place(address) for address in addresses]
    directory.save()
    return [directory.known(entry) for entry in placed]


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
