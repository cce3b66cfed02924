"""What the team knows of a customer, and who they are on which channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BotHubError, NotFound
from core.models import Contact, ContactIdentity, Conversation
from core.people import audit

LONGEST_NAME = 120  # characters
LONGEST_ABOUT = 4_000
_PAST = 10


class UnacceptableProfile(BotHubError):
    """A name or description that is empty or too long."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An address of theirs."""

    kind: str
    address: str
    opted_out_at: datetime | None


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
    """A customer. `about` is what colleagues wrote about them; `past` are their newest conversations."""

    id: int
    name: str
    about: str
    since: datetime
    identities: Sequence[Identity]
    past: Sequence[Past]


def read(session: Session, contact_id: int) -> Profile:
    """Raises `NotFound`."""
    contact = session.get(Contact, contact_id)
    if contact is None:
        raise NotFound(f"No contact {contact_id}.")
    identities = session.execute(
        select(ContactIdentity.kind, ContactIdentity.address, ContactIdentity.opted_out_at)
        .where(ContactIdentity.contact_id == contact_id)
        .order_by(ContactIdentity.id)
    )
    past = session.execute(
        select(
            Conversation.id,
            Conversation.kind,
            Conversation.status,
            Conversation.last_message_at,
            Conversation.last_message_text,
            Conversation.csat,
        )
        .where(Conversation.contact_id == contact_id)
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(_PAST)
    )
    return Profile(
        id=contact.id,
        name=contact.name,
        about=str(contact.custom.get("about", "")),
        since=contact.created_at,
        identities=[Identity(*row) for row in identities],
        past=[Past(*row) for row in past],
    )


def rename(session: Session, business_id: int, contact_id: int, actor: str, name: str) -> None:
    """A name given here is not overwritten by what the customer calls themselves. Raises `UnacceptableProfile`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise UnacceptableProfile(f"A name has 1 to {LONGEST_NAME} characters.")
    _locked(session, contact_id).name = name
    session.flush()
    audit.record(session, business_id, actor, "contact.rename", f"contact:{contact_id}")


def describe(session: Session, business_id: int, contact_id: int, actor: str, about: str) -> None:
    """Raises `NotFound`, `UnacceptableProfile`."""
    about = about.strip()
    if len(about) > LONGEST_ABOUT:
        raise UnacceptableProfile(f"At most {LONGEST_ABOUT} characters.")
    contact = _locked(session, contact_id)
    contact.custom = {**contact.custom, "about": about}
    session.flush()
    audit.record(session, business_id, actor, "contact.describe", f"contact:{contact_id}")


def _locked(session: Session, contact_id: int) -> Contact:
    contact = session.scalars(select(Contact).where(Contact.id == contact_id).with_for_update()).one_or_none()
    if contact is None:
        raise NotFound(f"No contact {contact_id}.")
    return contact
