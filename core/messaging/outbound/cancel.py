"""Cancel queued messages that may not be sent any more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from core.platform.db import run

OPTED_OUT = {
    "code": "opted_out",
    "cause": "recipient",
    "title": "The customer opted out",
    "details": "",
    "advice": "They must write START (or ALTA) before anything can be sent.",
}
ENDED = {
    "code": "address_ended",
    "cause": "recipient",
    "title": "This address is not the customer's any more",
    "details": "",
    "advice": "Write to them at another of their addresses, or wait until they write from a new one.",
}


def stop(
    session: Session, error: Mapping[str, str], *, identity_ids: Sequence[int] = (), message_ids: Sequence[int] = ()
) -> None:
    """Cancel queued messages by address or id, with the reason. Messages already being sent are not affected."""
    values = {"error": json.dumps(error), "identities": list(identity_ids), "messages": list(message_ids)}
    run(session, _STOP, values)


_STOP = """
WITH cancelled AS (
    UPDATE messages m SET status = 'cancelled', error = %(error)s::jsonb
    FROM deliveries d
    WHERE d.message_id = m.id AND d.next_attempt_at IS NOT NULL AND m.status = 'queued'
      AND (d.identity_id = ANY(%(identities)s::bigint[]) OR d.message_id = ANY(%(messages)s::bigint[]))
    RETURNING m.id
)
UPDATE deliveries d SET next_attempt_at = NULL FROM cancelled WHERE d.message_id = cancelled.id
"""
