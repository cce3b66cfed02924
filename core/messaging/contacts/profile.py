"""A customer's profile: what the team recorded, and their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.accounts.visibility import Conditions
from core.messaging.contacts import resolve
from core.messaging.contacts.limits import LONGEST_ABOUT, LONGEST_FIELD, LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS
from core.models import Contact, ContactIdentity, Conversation
from core.platform.errors import Invalid, NotFound

_PAST = 10


@dataclass(frozen=True, slots=True)
class Identity:
    """An address of the customer; `former`: it is not theirs any more."""

    kind: str
    address: str
    opted_out_at: datetime | None
    marketing_stopped_at: datetime | None = None
    former: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """One of their conversations."""

    id: int
    kind: str
    status: str
    last_message_at: datetime
    last_text: str
    csat: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer.

    `about` is what colleagues wrote about them, `fields` their custom fields in order; `past` their newest
    conversations.
    """

    id: int
    name: str
    about: str
    fields: Sequence[tuple[str, str]]
    since: datetime
    identities: Sequence[Identity]
    past: Sequence[Past]


# Built once: they run on every click.
_CONTACT = select(Contact.id, Contact.name, Contact.custom, Contact.created_at).where(
    Contact.id == bindparam("contact")
)
_IDENTITIES = (
    select(
        ContactIdentity.kind,
        ContactIdentity.address,
        ContactIdentity.opted_out_at,
        ContactIdentity.marketing_stopped_at,
        ContactIdentity.ended_at.is_not(None),
    )
    .where(ContactIdentity.contact_id == bindparam("contact"))
    .order_by(ContactIdentity.ended_at.is_not(None), ContactIdentity.id)
)
_NEWEST = (
    select(
        Conversation.id,
        Conversation.kind,
        Conversation.status,
        Conversation.last_message_at,
        Conversation.last_message_text,
        Conversation.csat,
    )
    .where(Conversation.contact_id == bindparam("contact"))
    .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
    .limit(_PAST)
)


def read(session: Session, contact_id: int, seen: Conditions = ()) -> Profile:
    """Return the profile with its visible conversations. Raises `NotFound`."""
    params = {"contact": contact_id}
    contact = session.execute(_CONTACT, params).one_or_none()
    if contact is None:
        raise NotFound(f"No contact {contact_id}.")
    return Profile(
        id=contact.id,
        name=contact.name,
        about=str(contact.custom.get("about", "")),
        fields=[(name, value) for name, value in contact.custom.get("fields", [])],
        since=contact.created_at,
        identities=[Identity(*row) for row in session.execute(_IDENTITIES, params)],
        past=[Past(*row) for row in session.execute(_NEWEST.where(*seen) if seen else _NEWEST, params)],
    )


def rename(session: Session, contact_id: int, name: str) -> None:
    """Set a name, which profile names do not overwrite. Raises `Invalid`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid("invalid_profile", f"A name has 1 to {LONGEST_NAME} characters.")
    _locked(session, contact_id).name = name
    session.flush()
    audit_log.record(session, "contact.rename", f"contact:{contact_id}")


def describe(session: Session, contact_id: int, about: str) -> None:
    """Set the description. Raises `NotFound`, `Invalid`."""
    about = about.strip()
    if len(about) > LONGEST_ABOUT:
        raise Invalid("invalid_profile", f"At most {LONGEST_ABOUT} characters.")
    contact = _locked(session, contact_id)
    contact.custom = {**contact.custom, "about": about}
    session.flush()
    audit_log.record(session, "contact.describe", f"contact:{contact_id}")


def set_field(session: Session, contact_id: int, name: str, value: str) -> None:
    """Set a custom field, replacing its value; an empty value removes it.

    Raises:
        Invalid: a name or value that is too long, no name, or more than 20 fields.
        NotFound: no such contact.
    """
    name, value = " ".join(name.split()), value.strip()
    if not 0 < len(name) <= LONGEST_FIELD or len(value) > LONGEST_VALUE:
        raise Invalid(
            "invalid_field", f"A fact's name has 1 to {LONGEST_FIELD} characters, its value up to {LONGEST_VALUE}."
        )
    contact = _locked(session, contact_id)
    fields = dict(contact.custom.get("fields", []))
    fields[name] = value
    kept = [[field, words] for field, words in fields.items() if words]
    if value and len(kept) > MOST_FIELDS:
        raise Invalid("invalid_field", f"At most {MOST_FIELDS} facts.")
    contact.custom = {**contact.custom, "fields": kept}
    session.flush()
    audit_log.record(session, "contact.field", f"contact:{contact_id}", field=name)


def set_opted_out(session: Session, contact_id: int, kind: str, *, opted_out: bool) -> None:
    """Set or lift an opt-out that the customer asked for by other means than STOP or START.

    Queued messages to that kind of channel are cancelled. Raises `NotFound`.
    """
    _locked(session, contact_id)
    if not resolve.set_opted_out(session, contact_id, kind, opted_out=opted_out):
        raise NotFound(f"Contact {contact_id} has no address for {kind}.")
    action = "contact.opt_out" if opted_out else "contact.opt_in"
    audit_log.record(session, action, f"contact:{contact_id}", kind=kind)


def _locked(session: Session, contact_id: int) -> Contact:
    contact = session.scalars(select(Contact).where(Contact.id == contact_id).with_for_update()).one_or_none()
    if contact is None:
        raise NotFound(f"No contact {contact_id}.")
    return contact
