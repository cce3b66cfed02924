"""Commands on contacts."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import visibility
from core.messaging.contacts import merging, profile


def rename(contact_id: int, name: str) -> None:
    """Rename a contact. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_contact(session, agent, contact_id)
        profile.rename(session, contact_id, name)


def describe(contact_id: int, about: str) -> None:
    """Save the description of a contact. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_contact(session, agent, contact_id)
        profile.describe(session, contact_id, about)


def set_field(contact_id: int, name: str, value: str) -> None:
    """Set a custom field; an empty value removes it. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_contact(session, agent, contact_id)
        profile.set_field(session, contact_id, name, value)


def set_opted_out(contact_id: int, kind: str, *, opted_out: bool) -> None:
    """Set or clear the opt-out for one kind of channel. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        profile.set_opted_out(session, contact_id, kind, opted_out=opted_out)


def merge(keep_id: int, merged_id: int) -> int:
    """Merge two contacts. Return the undo data. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        for contact_id in (keep_id, merged_id):
            visibility.require_contact(session, agent, contact_id)
        return merging.merge(session, keep_id, merged_id)


def undo_merge(merge_id: int) -> None:
    """Undo a merge. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_merge(session, agent, merge_id)
        merging.undo(session, merge_id)
