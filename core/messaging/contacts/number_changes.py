"""A customer's number or user id became another, as their provider tells: the old one ends, the new one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from core.channels.phone_numbers import is_bsuid, lookup_key
from core.channels.types import IdentityChange
from core.messaging.contacts import endings, merging
from core.messaging.contacts.addresses import Address, Known
from core.messaging.contacts.directory import IDENTITIES, WISHES_STAY
from core.messaging.contacts.resolve import resolve
from core.platform.db import run

_MOMENT = timedelta(microseconds=1)
# Whoever is known at the new address since the change is the customer, whose message was quicker than the notice.
_QUICKER = timedelta(hours=1)


def follow(session: Session, business_id: int, change: IdentityChange, account: str = "") -> Known:
    """The contact of the old address has the new one from then on, and their conversations go on there.

    What waited for the old address goes to the new one. Somebody who was known at the new address before has lost it,
    and a contact that was made there since is the same person, and is merged. A notice that comes again, or late,
    changes nothing that came after it.
    """
    before = change.timestamp - _MOMENT
    (keep,) = resolve(session, business_id, [Address(change.kind, change.old, account=account, at=before)])
    _clear(session, business_id, change, keep)
    identity_id = _attach(session, business_id, change, keep, account)
    if identity_id is None:
        return keep
    _end_old(session, business_id, change, keep.contact_id, identity_id)
    return Known(identity_id, keep.contact_id)


@dataclass(frozen=True, slots=True)
class _Holder:
    identity_id: int
    contact_id: int
    recent: bool


def _clear(session: Session, business_id: int, change: IdentityChange, keep: Known) -> None:
    """Nobody but the customer has the new address: whoever else is known there was them already, or has lost it."""
    values = {
        "kind": change.kind,
        "new": change.new,
        "key": lookup_key(change.new),
        "keep": keep.contact_id,
        "since": change.timestamp - _QUICKER,
    }
    holders = [_Holder(*row) for row in run(session, _HOLDERS, values)]
    for contact_id in {one.contact_id for one in holders if one.recent}:
        merging.merge(session, business_id, keep.contact_id, contact_id, "system")
    same = {one.contact_id for one in holders if one.recent}
    if lost := [one.identity_id for one in holders if one.contact_id not in same]:
        run(session, _END, {"ids": lost, "at": change.timestamp})
        endings.tell(session, business_id, lost)


_HOLDERS = """
SELECT i.id, i.contact_id, bool_and(i.created_at >= %(since)s) OVER (PARTITION BY i.contact_id)
FROM identities i
WHERE i.ended_at IS NULL AND i.contact_id <> %(keep)s
  AND ((i.kind = %(kind)s AND i.address = %(new)s) OR i.lookup_key = %(key)s)
ORDER BY i.id
"""
_END = "UPDATE identities SET ended_at = %(at)s WHERE id = ANY(%(ids)s::bigint[])"


def _attach(session: Session, business_id: int, change: IdentityChange, keep: Known, account: str) -> int | None:
    """The new address as the customer's; None if they have left it again since."""
    values = {"keep": keep.contact_id, "kind": change.kind, "new": change.new, "at": change.timestamp}
    found = run(session, _ATTACHED, values).one_or_none()
    if found is not None:
        return None if found.left else int(found.id)
    key = lookup_key(change.new)
    if is_bsuid(change.new):
        key = run(session, _KEY_OF, {**values, "old": change.old}).scalar()
    row = {
        "business": business_id,
        "contacts": [keep.contact_id],
        "kinds": [change.kind],
        "addresses": [change.new],
        "keys": [key],
        "accounts": [account if is_bsuid(change.new) else None],
        "ends": [None],
    }
    identity_id = int(run(session, IDENTITIES, row).scalar_one())
    session.execute(WISHES_STAY, {"ids": [identity_id]})
    return identity_id


_ATTACHED = """
SELECT id, ended_at IS NOT NULL AS left FROM identities
WHERE contact_id = %(keep)s AND kind = %(kind)s AND address = %(new)s AND (ended_at IS NULL OR ended_at > %(at)s)
ORDER BY ended_at NULLS FIRST LIMIT 1
"""
_KEY_OF = """
SELECT lookup_key FROM identities
WHERE contact_id = %(keep)s AND kind = %(kind)s AND address = %(old)s AND ended_at IS NULL
"""


def _end_old(session: Session, business_id: int, change: IdentityChange, contact_id: int, identity_id: int) -> None:
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
        endings.tell(session, business_id, elsewhere)


_END_OLD = """
UPDATE identities i SET ended_at = %(at)s
WHERE i.contact_id = %(contact)s AND i.ended_at IS NULL AND i.id <> %(new)s
  AND ((i.kind = %(kind)s AND i.address = %(old)s) OR i.lookup_key = %(key)s)
  AND NOT EXISTS (SELECT FROM identities e WHERE e.contact_id = %(contact)s AND e.kind = %(kind)s
                  AND e.address = %(old)s AND e.ended_at >= %(at)s)
"""
_MOVE = """
WITH old AS (
    SELECT id FROM identities
    WHERE contact_id = %(contact)s AND kind = %(kind)s AND ended_at >= %(at)s AND id <> %(new)s
      AND (address = %(old)s OR lookup_key = %(key)s)
), waiting AS (
    UPDATE deliveries SET identity_id = %(new)s
    WHERE identity_id IN (SELECT id FROM old) AND next_attempt_at IS NOT NULL
)
UPDATE conversations SET identity_id = %(new)s WHERE identity_id IN (SELECT id FROM old)
"""
_ELSEWHERE = """
SELECT id FROM identities
WHERE contact_id = %(contact)s AND kind <> %(kind)s AND ended_at = %(at)s AND lookup_key = %(key)s
"""
