"""Notices: what a person must hear of, a row each. `core.accounts.notification_delivery` sends them, the console
lists them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from core.models import Notice, Severity
from core.platform.db import run

_LONGEST_TEXT = 1000


def notify(
    session: Session,
    business_id: int,
    kind: str,
    severity: Severity,
    text: str,
    *,
    conversation_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    about: str = "",
    digest: str = "",
) -> None:
    """Note something a person must hear of.

    `text` is English and is shown when the words for `kind` (`core.accounts.notification_texts`) are not there or
    need more
    than `data` has. `about` names what it concerns, for `already_noted`.
    """
    row = {
        "business_id": business_id,
        "kind": kind,
        "severity": severity.value,
        "text": text[:_LONGEST_TEXT],
        "conversation_id": conversation_id,
        "data": dict(data or {}),
        "about": about,
        "digest": digest,
    }
    session.execute(_NOTE, row)


def digest_of(content: Any) -> str:
    """The same for the same JSON, however it was written."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def already_noted(session: Session, business_id: int, about: str, digest: str) -> bool:
    """Whether the newest notice `about` this is of the last day and says the same.

    A provider delivers news again when our answer was lost, perhaps as other bytes. What changed and changed back in
    between is news.
    """
    return bool(run(session, _NEWEST, {"business": business_id, "about": about}).scalar() == digest)


_NOTE = insert(cast(Table, Notice.__table__))
_NEWEST = """
SELECT CASE WHEN created_at > now() - interval '1 day' THEN digest END FROM notices
WHERE business_id = %(business)s AND about = %(about)s ORDER BY id DESC LIMIT 1
"""
