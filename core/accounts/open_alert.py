"""Open an alert immediately, before the scheduler's next evaluation; only the first caller opens it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.platform.db import run


def open_now(session: Session, kind: str, channel_id: int) -> str | None:
    """Open an alert of high severity about a channel. Returns the channel's name, or None if it was already open."""
    name: str | None = run(session, _OPEN, {"kind": kind, "channel": channel_id}).scalar()
    return name


_OPEN = """
WITH opened AS (
    INSERT INTO alerts (business_id, kind, severity, subject)
    SELECT business_id, %(kind)s, 'high', kind || ' ' || identity FROM channels
    WHERE id = %(channel)s
    ON CONFLICT (business_id, kind, subject) WHERE cleared_at IS NULL DO UPDATE SET last_seen_at = now()
    RETURNING xmax = 0 AS new
)
SELECT c.name FROM channels c, opened WHERE c.id = %(channel)s AND opened.new
"""
