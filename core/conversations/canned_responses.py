"""Canned responses ("saved replies" in the console): texts that the composer inserts by shortcut."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import CannedResponse
from core.platform.errors import Invalid

LONGEST_TEXT = 4_000  # characters
VARIABLES = ("contact.name", "contact.first_name", "agent.name", "business.name")  # filled in by the composer
_SHORTCUT = re.compile(r"[\w-]{1,30}")
_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]{0,60})\s*\}\}")


def reject_placeholders(text: str) -> None:
    """Raise `Invalid` if the text still contains a placeholder such as {{name}}."""
    if left := _PLACEHOLDER.search(text):
        raise Invalid("unfilled_variable", f"Not sent: replace {left[0]} with what the customer shall read.")


@dataclass(frozen=True, slots=True)
class Saved:
    """A canned response. `shortcut` has no leading slash."""

    id: int
    shortcut: str
    text: str


def canned_responses(session: Session) -> list[Saved]:
    """Return the canned responses of the business, ordered by shortcut."""
    rows = session.execute(
        select(CannedResponse.id, CannedResponse.shortcut, CannedResponse.text).order_by(CannedResponse.shortcut)
    )
    return [Saved(*row) for row in rows]


def save(session: Session, shortcut: str, text: str) -> None:
    """Create a canned response, or replace the text of the one with this shortcut.

    Raises:
        Invalid: the shortcut is not 1 to 30 letters, digits, _ or -, or the text is empty or too long.
        Invalid: the text has a placeholder that is not in `VARIABLES`.
    """
    shortcut, text = shortcut.strip().lstrip("/").lower(), text.strip()
    if not _SHORTCUT.fullmatch(shortcut) or not 0 < len(text) <= LONGEST_TEXT:
        raise Invalid(
            "invalid_reply",
            f"A shortcut is 1 to 30 letters, digits, _ or -; the text has 1 to {LONGEST_TEXT} characters.",
        )
    unknown = next((name for name in _PLACEHOLDER.findall(text) if name not in VARIABLES), None)
    if unknown is not None:
        variables = ", ".join(f"{{{{{name}}}}}" for name in VARIABLES)
        raise Invalid("unknown_variable", f"{{{{{unknown}}}}} is not a variable. There are {variables}.")
    query = insert(CannedResponse).values(shortcut=shortcut, text=text)
    session.execute(
        query.on_conflict_do_update(index_elements=["business_id", "shortcut"], set_={"text": query.excluded.text})
    )
    audit_log.record(session, "saved_reply.save", f"saved_reply:{shortcut}")


def remove(session: Session, reply_id: int) -> None:
    """Delete a canned response; a no-op if it no longer exists."""
    shortcut = session.scalar(
        delete(CannedResponse).where(CannedResponse.id == reply_id).returning(CannedResponse.shortcut)
    )
    if shortcut is not None:
        audit_log.record(session, "saved_reply.remove", f"saved_reply:{shortcut}")
