"""Find contacts who may be the same person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from core.accounts.visibility import Conditions
from core.conversations import search
from core.models import Contact, ContactIdentity, Conversation

_MAX_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact who may be the same person. `conversations` counts theirs; a shared number is the strongest hint."""

    id: int
    name: str
    addresses: Sequence[str]
    conversations: int
    since: datetime
    same_number: bool


def candidates(session: Session, contact_id: int, words: str = "", seen: Conditions = ()) -> list[Candidate]:
    """Return contacts who share a number, then those with the same words in their name; or those found by `words`.

    Only contacts with a visible conversation are listed, and only visible conversations are counted.
    """
    sharing = set(session.scalars(_sharing(contact_id)))
    if not words.strip():
        words = session.scalar(select(Contact.name).where(Contact.id == contact_id)) or ""
        candidate_ids = [*sharing, *(search.contacts(session, words) if words else ())]
    else:
        candidate_ids = search.contacts(session, words)
    addresses = (
        select(func.array_agg(ContactIdentity.address))
        .where(ContactIdentity.contact_id == Contact.id, ContactIdentity.ended_at.is_(None))
        .scalar_subquery()
    )
    talks = select(func.count()).where(Conversation.contact_id == Contact.id, *seen).scalar_subquery()
    known = (exists().where(Conversation.contact_id == Contact.id, *seen),) if seen else ()
    rows = session.execute(
        select(Contact.id, Contact.name, func.coalesce(addresses, []), talks, Contact.created_at)
        .where(Contact.id.in_(candidate_ids), Contact.id != contact_id, Contact.merged_into_id.is_(None), *known)
        .order_by(Contact.id.in_(sharing).desc(), Contact.id.desc())
        .limit(_MAX_CANDIDATES)
    )
    return [
        Candidate(contact, name, found, number, since, contact in sharing)
        for contact, name, found, number, since in rows
    ]


def _sharing(contact_id: int) -> Select[int]:
    own, other = aliased(ContactIdentity), aliased(ContactIdentity)
    return (
        select(other.contact_id)
        .join(own, own.lookup_key == other.lookup_key)
        .where(
            own.contact_id == contact_id,
            other.contact_id != contact_id,
            own.ended_at.is_(None),
            other.ended_at.is_(None),
        )
    )
