"""Create notifications. `core.accounts.notification_delivery` sends them, the console lists them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from core.models import Notification, Severity
from core.platform.db import business_of, run

_LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """What a notification says of which subject, to recognise an event that the provider delivers again."""

    about: str = ""
    digest: str = ""

    @classmethod
    def of(cls, about: str, content: Any) -> Mark:
        """Mark a subject with JSON, whose formatting does not matter."""
        said = json.dumps(content, sort_keys=True, default=str)
        return cls(about, hashlib.sha256(said.encode()).hexdigest())


_NO_MARK = Mark()


def notify(
    session: Session,
    kind: str,
    severity: Severity,
    text: str,
    *,
    conversation_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    mark: Mark = _NO_MARK,
) -> None:
    """Create a notification.

    `text` is English, shown if the texts of `kind` (`core.accounts.notification_texts`) are missing or need more values
    than `data` has. `mark` is for `already_noted`.
    """
    row = {
        "kind": kind,
        "severity": severity.value,
        "text": text[:_LONGEST_TEXT],
        "conversation_id": conversation_id,
        "data": dict(data or {}),
        "about": mark.about,
        "digest": mark.digest,
    }
    session.execute(_NOTE, row)


def already_noted(session: Session, mark: Mark) -> bool:
    """Whether the latest notification about this subject is less than a day old and has the same mark.

    Providers redeliver events if our response was lost, possibly as different bytes. A value that changed and changed
    back is not a duplicate.
    """
    return bool(run(session, _NEWEST, {"business": business_of(session), "about": mark.about}).scalar() == mark.digest)


_NOTE = insert(cast(Table, Notification.__table__))
_NEWEST = """
SELECT CASE WHEN created_at > now() - interval '1 day' THEN digest END FROM notifications
WHERE business_id = %(business)s AND about = %(about)s ORDER BY id DESC LIMIT 1
"""
