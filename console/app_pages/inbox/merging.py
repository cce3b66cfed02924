"""Merge two contacts: the candidates as JSON for the dialog (components/dialogs/merge.js), and the command."""

from __future__ import annotations

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from console import auth
from console.app_pages.inbox import contact_commands, queries, undo
from console.components.head import written
from console.dates import moment
from console.i18n import t
from core.messaging.contacts.duplicates import Candidate
from core.messaging.contacts.profile import Profile

_LONGEST_SEARCH = 100  # characters


def candidates(contact_id: int, words: str) -> dict[str, Any]:
    """Return who may be the same person, or matches the search, each with what merging gives. Raises `NotFound`."""
    customer = queries.contact(contact_id)
    found = queries.candidates(contact_id, words[:_LONGEST_SEARCH])
    return {"name": _named(customer), "contacts": [_candidate(customer, one) for one in found]}


def merge(contact_id: int, other_id: int, other: str) -> undo.Offer:
    """Merge, and offer undo; `other` is how the merged one is called. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    merge_id = contact_commands.merge(contact_id, other_id)
    return undo.offer(t("contact.merged", name=other), partial(contact_commands.undo_merge, merge_id))


def _candidate(customer: Profile, one: Candidate) -> dict[str, Any]:
    name = one.name or (written(one.addresses[0]) if one.addresses else f"#{one.id}")
    theirs = [written(address) for address in one.addresses]
    known = t(
        "contact.merge_known", number=one.conversations, when=moment(one.since, ZoneInfo(auth.require().timezone))
    )
    return {
        "id": one.id,
        "name": name,
        "about": " · ".join((*([t("contact.merge_same_number")] if one.same_number else []), *theirs, known)),
        "kept": _named(customer) if customer.name else name,
        "addresses": " · ".join((*(written(own.address) for own in customer.identities), *theirs)),
        "rules": t("contact.merge_rules", number=one.conversations),
    }


def _named(customer: Profile) -> str:
    return customer.name or (written(customer.identities[0].address) if customer.identities else f"#{customer.id}")
