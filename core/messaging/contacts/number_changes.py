"""Apply a provider's notice that a customer's number or user id changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from core.channels.phone_numbers import is_bsuid, lookup_key
from core.channels.types import IdentityChange
from core.messaging.contacts import endings, merging
from core.messaging.contacts.addresses import Address, ResolvedContact
from core.messaging.contacts.directory import IDENTITIES, INHERIT_OPT_OUTS
from core.messaging.contacts.resolve import resolve
from core.platform.db import business_of, run

_MOMENT = timedelta(microseconds=1)
# The notice may come later than the customer's first message from the new address.
_NOTICE_DELAY = timedelta(minutes=10)


def apply(session: Session, change: IdentityChange, account: str = "") -> ResolvedContact:
    """Replace a contact's old address by the new one, and move their conversations to it.

    Queued messages are redirected. A previous owner of the new address has lost it; a contact first seen there since
    the change is the same person and is merged. A repeated or late notice does not undo later changes.
    """
    before = change.timestamp - _MOMENT
    (keep,) = resolve(session, [Address(change.kind, change.old, account=account, at=before)])
    _clear(session, change, keep)
    identity_id = _attach(session, change, keep, account)
    if identity_id is None:
        return keep
    _end_old(session, change, keep.contact_id, identity_id)
    return ResolvedContact(identity_id, keep.contact_id)


@dataclass(frozen=True, slots=True)
class _Holder:
    identity_id: int
    contact_id: int
    same: bool


def _clear(session: Session, change: IdentityChange, keep: ResolvedContact) -> None:
    """Remove the new address from other contacts: merge those that are the customer, end it for the others."""
    values = {
        "kind": change.kind,
        "new": change.new,
        "key": lookup_key(change.new),
        "keep": keep.contact_id,
        "since": change.timestamp - _NOTICE_DELAY,
    }
    holders = [_Holder(*row) for row in run(session, _HOLDERS, values)]
    for contact_id in {one.contact_id for one in holders if one.same}:
        merging.merge(session, keep.contact_id, contact_id)
    if lost := [one.identity_id for one in holders if not one.same]:
        run(session, _END, {"ids": lost, "at": change.timestamp})
        endings.announce(session, lost)


# Times are the provider's: old messages may arrive only now. A customer who still wrote from the old address after
# somebody did from the new one is another person.
_HOLDERS = """
SELECT i.id, i.contact_id, c.created_at >= %(since)s AND NOT EXISTS (
    SELECT FROM conversations held JOIN messages m ON m.conversation_id = held.id
    WHERE held.contact_id = c.id AND (m.created_at < %(since)s OR m.sender = 'customer' AND m.created_at < (
        SELECT max(later.created_at) FROM conversations own JOIN messages later ON later.conversation_id = own.id
        WHERE own.contact_id = %(keep)s AND own.kind = %(kind)s AND later.sender = 'customer'))
)
FROM contact_identities i JOIN contacts c ON c.id = i.contact_id
WHERE i.ended_at IS NULL AND i.contact_id <> %(keep)s
  AND ((i.kind = %(kind)s AND i.address = %(new)s) OR i.lookup_key = %(key)s)
ORDER BY i.id
"""
_END = "UPDATE contact_identities SET ended_at = %(at)s WHERE id = ANY(%(ids)s::bigint[])"


def _attach(session: Session, change: IdentityChange, keep: ResolvedContact, account: str) -> int | None:
    """Add the new address to the customer; None if they have left it again since."""
    values = {"keep": keep.contact_id, "kind": change.kind, "new": change.new, "at": change.timestamp}
    existing = run(session, _ATTACHED, values).one_or_none()
    if existing is not None:
        return None if existing.left else int(existing.id)
    key = lookup_key(change.new)
    if is_bsuid(change.new):
        key = run(session, _KEY_OF, {**values, "old": change.old}).scalar()
    row = {
        "business": business_of(session),
        "contacts": [keep.contact_id],
        "kinds": [change.kind],
        "addresses": [change.new],
        "keys": [key],
        "accounts": [account if is_bsuid(change.new) else None],
        "ends": [None],
    }
    identity_id = int(run(session, IDENTITIES, row).scalar_one())
    session.execute(INHERIT_OPT_OUTS, {"ids": [identity_id]})
    return identity_id


_ATTACHED = """
SELECT id, ended_at IS NOT NULL AS left FROM contact_identities
WHERE contact_id = %(keep)s AND kind = %(kind)s AND address = %(new)s AND (ended_at IS NULL OR ended_at > %(at)s)
ORDER BY ended_at NULLS FIRST LIMIT 1
"""
_KEY_OF = """
SELECT lookup_key FROM contact_identities
WHERE contact_id = %(keep)s AND kind = %(kind)s AND address = %(old)s AND ended_at IS NULL
"""


def _end_old(session: Session, change: IdentityChange, contact_id: int, identity_id: int) -> None:
    """End the old address, with the user ids and the other channels' addresses of the same number."""
    key = lookup_key(change.old)
    values = {
        "contact": contact_id,
        "kind": change.kind,
        "old": change.old,
        "key": None if key == lookup_key(change.new) else key,
        "new": identity_id,
        "at": change.timestamp,
    }
    run(session, _END_OLD, values)
    run(session, _MOVE, values)
    elsewhere = list(run(session, _ELSEWHERE, values).scalars())
    if elsewhere:
        endings.announce(session, elsewhere)


_END_OLD = """
UPDATE contact_identities i SET ended_at = %(at)s
WHERE i.contact_id = %(contact)s AND i.ended_at IS NULL AND i.id <> %(new)s
  AND ((i.kind = %(kind)s AND i.address = %(old)s) OR i.lookup_key = %(key)s)
  AND NOT EXISTS (SELECT FROM contact_identities e WHERE e.contact_id = %(contact)s AND e.kind = %(kind)s
                  AND e.address = %(old)s AND e.ended_at >= %(at)s)
"""
_MOVE = """
WITH old AS (
    SELECT id FROM contact_identities
    WHERE contact_id = %(contact)s AND kind = %(kind)s AND ended_at >= %(at)s AND id <> %(new)s
      AND (address = %(old)s OR lookup_key = %(key)s)
), waiting AS (
    UPDATE deliveries SET identity_id = %(new)s
    WHERE identity_id IN (SELECT id FROM old) AND next_attempt_at IS NOT NULL
)
UPDATE conversations SET identity_id = %(new)s WHERE identity_id IN (SELECT id FROM old)
"""
_ELSEWHERE = """
SELECT id FROM contact_identities
WHERE contact_id = %(contact)s AND kind <> %(kind)s AND ended_at = %(at)s AND lookup_key = %(key)s
"""
