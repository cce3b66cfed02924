"""Merge two contacts that are one person, and undo a merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.conversations import lifecycle
from core.messaging import closing
from core.messaging.contacts.limits import LONGEST_ABOUT
from core.messaging.inbound.webhook_events import lock_receiving
from core.models import Contact, ContactIdentity, ContactMerge, Conversation, ConversationStatus
from core.platform import events
from core.platform.errors import Conflict, NotFound


def merge(session: Session, keep_id: int, merged_id: int) -> int:
    """Move the addresses and conversations of one contact to another. Returns the id of the merge, for undoing.

    The kept contact's name and fields win; fields only the other has are added. Of two open conversations on one
    channel the one that was quiet longer is closed, and its wait moves to the other. An opt-out of either holds for all
    addresses of that kind.

    Raises:
        NotFound: one of them does not exist.
        Conflict: they are the same.
        Conflict: one of them was merged before.
    """
    keep, merged = _lock(session, keep_id, merged_id)
    if keep.merged_into_id is not None or merged.merged_into_id is not None:
        raise Conflict("already_merged", "One of these contacts was merged into another.")
    moved: dict[str, Any] = {
        "closed": _close_older(session, keep_id, merged_id),
        "conversations": _reassign(session, Conversation, merged_id, keep_id),
        "identities": _reassign(session, ContactIdentity, merged_id, keep_id),
        "silenced": _propagate_opt_outs(session, keep_id),
        "name": keep.name,
        "custom": keep.custom,
    }
    keep.name, keep.custom = _merge_fields(keep.name, keep.custom, merged)
    merged.merged_into_id = keep_id
    record = ContactMerge(kept_id=keep_id, merged_id=merged_id, undo_data=moved)
    session.add(record)
    session.flush()
    audit_log.record(session, "contact.merge", f"contact:{keep_id}", merged=merged_id)
    events.publish_change(session, 0)
    return record.id


def undo(session: Session, merge_id: int) -> None:
    """Undo a merge. Later messages go to the contact whose address they came from.

    A name or field edited since is kept. Undoing twice changes nothing.

    Raises:
        NotFound: no such merge.
        Conflict: the kept contact was itself merged into another since.
    """
    lock_receiving(session)
    record = session.get(ContactMerge, merge_id, with_for_update=True)
    if record is None:
        raise NotFound(f"No merge {merge_id}.")
    if record.undone_at is not None:
        return
    keep, merged = _lock(session, record.kept_id, record.merged_id)
    if keep.merged_into_id is not None:
        raise Conflict("already_merged", "This contact was merged into another since: undo that first.")
    moved = record.undo_data
    session.execute(
        _RETURN,
        {
            "keep": keep.id,
            "merged": merged.id,
            "identities": moved["identities"],
            "conversations": moved["conversations"],
            "since": record.created_at,
        },
    )
    session.execute(_OWN_ADDRESS, {"contacts": [keep.id, merged.id]})
    for one in moved["closed"]:
        closing.restore(session, one)
        session.execute(_REVERT_WAIT, one)
    for one in moved["silenced"]:
        session.execute(_REVERT_OPT_OUT, one)
    if (keep.name, keep.custom) == _merge_fields(moved["name"], moved["custom"], merged):
        keep.name, keep.custom = moved["name"], moved["custom"]
    merged.merged_into_id = None
    record.undone_at = func.now()
    session.flush()
    audit_log.record(session, "contact.unmerge", f"contact:{keep.id}", merged=merged.id)
    events.publish_change(session, 0)


def _lock(session: Session, keep_id: int, merged_id: int) -> tuple[Contact, Contact]:
    """Lock both contacts and receiving: an arriving message finds its contact before it is stored."""
    if keep_id == merged_id:
        raise Conflict("same_contact", "A contact cannot be merged into itself.")
    lock_receiving(session)
    contacts = {
        one.id: one
        for one in session.scalars(
            select(Contact)
            .where(Contact.id.in_((keep_id, merged_id)))
            .order_by(Contact.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    for contact_id in (keep_id, merged_id):
        if contact_id not in contacts:
            raise NotFound(f"No contact {contact_id}.")
    return contacts[keep_id], contacts[merged_id]


def _reassign(session: Session, table: type[Conversation | ContactIdentity], source: int, target: int) -> list[int]:
    """Reassign all rows of one table to another contact. Returns their ids."""
    return list(
        session.scalars(update(table).where(table.contact_id == source).values(contact_id=target).returning(table.id))
    )


def _close_older(session: Session, keep_id: int, merged_id: int) -> list[dict[str, Any]]:
    """Close the older of two open conversations on each channel. Returns what undoing needs."""
    open_ones = session.scalars(
        select(Conversation)
        .where(
            Conversation.contact_id.in_((keep_id, merged_id)),
            Conversation.status != ConversationStatus.CLOSED,
        )
        .order_by(Conversation.id)
        .with_for_update()
    )
    by_channel: dict[int, list[Conversation]] = {}
    for one in open_ones:
        by_channel.setdefault(one.channel_id, []).append(one)
    return [_close_into(session, pair) for pair in by_channel.values() if len(pair) > 1]


def _close_into(session: Session, pair: Sequence[Conversation]) -> dict[str, Any]:
    older, newer = sorted(pair, key=lambda one: (one.last_message_at, one.id))
    waited = None if newer.waiting_since is None else newer.waiting_since.isoformat()
    before = {**closing.snapshot(older), "newer": newer.id, "newer_waited": waited}
    if older.waiting_since is not None:
        newer.waiting_since = min(older.waiting_since, newer.waiting_since or older.waiting_since)
    newer.unread_count += older.unread_count
    newer.asked_id = max(newer.asked_id or 0, older.asked_id or 0) or None
    if newer.unsent_id is None:
        newer.unsent_id, newer.unsent_at = older.unsent_id, older.unsent_at
    lifecycle.close(session, older.id)
    return before


def _propagate_opt_outs(session: Session, contact_id: int) -> list[dict[str, Any]]:
    """Apply an opt-out at one address to every address of that kind. Returns where it was new."""
    rows = session.execute(_PROPAGATE_OPT_OUTS, {"contact": contact_id})
    return [{"id": row.id, "at": row.opted_out_at.isoformat()} for row in rows]


def _merge_fields(name: str, custom: Mapping[str, Any], merged: Contact) -> tuple[str, dict[str, Any]]:
    """Combine two profiles. The kept contact's value wins for a field that both have."""
    present = dict(custom.get("fields", []))
    fields = [*custom.get("fields", []), *(pair for pair in merged.custom.get("fields", []) if pair[0] not in present)]
    about = dict.fromkeys(words for one in (custom, merged.custom) if (words := one.get("about")))
    combined = {**merged.custom, **custom, "fields": fields, "about": "\n".join(about)[:LONGEST_ABOUT]}
    return name or merged.name, {key: value for key, value in combined.items() if value}


_PROPAGATE_OPT_OUTS = text("""
UPDATE contact_identities i SET opted_out_at = earliest.at
FROM (SELECT kind, min(opted_out_at) AS at FROM contact_identities
      WHERE contact_id = :contact AND opted_out_at IS NOT NULL GROUP BY kind) earliest
WHERE i.contact_id = :contact AND i.kind = earliest.kind AND i.opted_out_at IS NULL
RETURNING i.id, i.opted_out_at
""")
_RETURN = text("""
WITH addresses AS (UPDATE contact_identities SET contact_id = :merged WHERE id = ANY(:identities)
  AND contact_id = :keep)
UPDATE conversations SET contact_id = :merged
WHERE contact_id = :keep
  AND (id = ANY(:conversations) OR (identity_id = ANY(:identities) AND created_at > :since))
""")
# While merged, a conversation followed its customer from address to address.
_OWN_ADDRESS = text("""
UPDATE conversations c SET identity_id = (
    SELECT own.id FROM contact_identities own WHERE own.contact_id = c.contact_id AND own.kind = c.kind
    ORDER BY own.ended_at IS NOT NULL, own.id DESC LIMIT 1
)
FROM contact_identities present
WHERE present.id = c.identity_id AND c.contact_id = ANY(:contacts) AND present.contact_id <> c.contact_id
  AND EXISTS (SELECT FROM contact_identities own WHERE own.contact_id = c.contact_id AND own.kind = c.kind)
""")
_REVERT_WAIT = text("""
UPDATE conversations SET waiting_since = :newer_waited, unread_count = greatest(0, unread_count - :unread)
WHERE id = :newer AND waiting_since = :waiting
""")
_REVERT_OPT_OUT = text("UPDATE contact_identities SET opted_out_at = NULL WHERE id = :id AND opted_out_at = :at")
