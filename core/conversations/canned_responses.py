"""Saved replies: texts that the composer offers for a shortcut."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import SavedReply
from core.platform.errors import BotHubError

LONGEST_TEXT = 4_000  # characters
VARIABLES = ("contact.name", "contact.first_name", "agent.name", "business.name")  # the composer fills them in
_SHORTCUT = re.compile(r"[\w-]{1,30}")
_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]{0,60})\s*\}\}")


class UnacceptableReply(BotHubError):
    """A shortcut or text that cannot be saved."""


class UnknownVariable(UnacceptableReply):
    """A saved text names a variable that nothing fills in."""


class UnfilledVariable(BotHubError):
    """A text that is about to be sent still holds a placeholder, which the customer would read."""


def refuse_placeholders(text: str) -> None:
    """Raises `UnfilledVariable` for a text with a placeholder such as {{name}} left in it."""
    if left := _PLACEHOLDER.search(text):
        raise UnfilledVariable(f"Not sent: replace {left[0]} with what the customer shall read.")


@dataclass(frozen=True, slots=True)
class Saved:
    """One of them. `shortcut` is without its slash."""

    id: int
    shortcut: str
    text: str


def saved_replies(session: Session) -> list[Saved]:
    """All of the business, by shortcut."""
    rows = session.execute(select(SavedReply.id, SavedReply.shortcut, SavedReply.text).order_by(SavedReply.shortcut))
    return [Saved(*row) for row in rows]


def save(session: Session, business_id: int, actor: str, shortcut: str, words: str) -> None:
    """Add one, or change the text of the one with this shortcut.

    Raises:
        UnacceptableReply: the shortcut is not 1 to 30 letters, digits, _ or -, or the text is empty or too long.
        UnknownVariable: the text has a placeholder that is none of `VARIABLES`.
    """
    shortcut, words = shortcut.strip().lstrip("/").lower(), words.strip()
    if not _SHORTCUT.fullmatch(shortcut) or not 0 < len(words) <= LONGEST_TEXT:
        raise UnacceptableReply(
            f"A shortcut is 1 to 30 letters, digits, _ or -; the text has 1 to {LONGEST_TEXT} characters."
        )
    unknown = next((name for name in _PLACEHOLDER.findall(words) if name not in VARIABLES), None)
    if unknown is not None:
        known = ", ".join(f"{{{{{name}}}}}" for name in VARIABLES)
        raise UnknownVariable(f"{{{{{unknown}}}}} is not a variable. There are {known}.")
    query = insert(SavedReply).values(business_id=business_id, shortcut=shortcut, text=words)
    session.execute(
        query.on_conflict_do_update(index_elements=["business_id", "shortcut"], set_={"text": query.excluded.text})
    )
    audit_log.record(session, business_id, actor, "saved_reply.save", f"saved_reply:{shortcut}")


def remove(session: Session, business_id: int, actor: str, reply_id: int) -> None:
    """Remove one. Removing what is gone changes nothing."""
    shortcut = session.scalar(delete(SavedReply).where(SavedReply.id == reply_id).returning(SavedReply.shortcut))
    if shortcut is not None:
        audit_log.record(session, business_id, actor, "saved_reply.remove", f"saved_reply:{shortcut}")
