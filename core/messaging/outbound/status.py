"""The status of outbound messages: the table of moves, and the only statements that change a status.

Every statement is built from the table and moves a message only from a status that the table allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.models import Delivery, Message, MessageStatus
from core.platform.db import run

S = MessageStatus

_ARRIVED = frozenset({S.DELIVERED, S.READ, S.PLAYED})
OUT = _ARRIVED | {S.SENT}

# By the receipts of its provider. A delivery can follow a failure: one of the customer's devices had refused (Meta,
# webhooks reference, statuses). A failure after a delivery is another device's and changes nothing. A cancelled message
# that a provider reports on was sent after all.
_REPORTED: Mapping[str, frozenset[S]] = {
    **dict.fromkeys((S.QUEUED, S.SENDING, S.UNCERTAIN), OUT | {S.FAILED}),
    S.SENT: _ARRIVED | {S.FAILED},
    S.DELIVERED: frozenset({S.READ, S.PLAYED}),
    S.READ: frozenset({S.PLAYED}),
    S.FAILED: _ARRIVED,
    S.CANCELLED: OUT,
}
# By workers, which claim, release and lose messages, and by people, who repeat or give up what was not sent.
_OURS: Mapping[str, frozenset[S]] = {
    S.QUEUED: frozenset({S.SENDING, S.CANCELLED}),
    S.SENDING: frozenset({S.QUEUED, S.SENT, S.FAILED, S.UNCERTAIN}),
    S.UNCERTAIN: frozenset({S.QUEUED, S.SENT, S.CANCELLED}),
    S.FAILED: frozenset({S.QUEUED, S.CANCELLED}),
}
MOVES: Mapping[str, frozenset[S]] = {
    before: _REPORTED.get(before, frozenset()) | _OURS.get(before, frozenset()) for before in _REPORTED
}


# Failures come before deliveries, so that a delivery in the same batch wins.
_ORDER = (S.FAILED, S.SENT, S.DELIVERED, S.READ, S.PLAYED)


def settle(now: str, reports: Iterable[str]) -> str:
    """Return the status after any number of reports, in whatever order they came."""
    reported = set(reports)
    for status in _ORDER:
        if status in reported and status in _REPORTED.get(now, ()):
            now = status
    return now


def may_become(to: S, *before: S) -> str:
    """Return the SQL condition that a message `m` may move to a status, or may from those of `before` only.

    Raises `ValueError` for a move that the table does not have.
    """
    return f"m.status IN ({', '.join(map(repr, _sources(to, before)))})"


def update_sql(to: S, chosen: str, *before: S, also: str = "") -> str:
    """Return the UPDATE that moves the messages named in a CTE as `message_id`, and sets columns `also`."""
    columns = ", ".join(filter(None, (f"status = '{to}'", also)))
    condition = may_become(to, *before)
    return f"UPDATE messages m SET {columns} FROM {chosen} WHERE m.id = {chosen}.message_id AND {condition}"  # noqa: S608


def move(session: Session, ids: Iterable[int], to: S, *before: S, **columns: Any) -> dict[int, int]:
    """Move messages to a status. Returns those that moved, with their conversations."""
    moved = session.execute(
        update(Message)
        .where(Message.id.in_(list(ids)), Message.status.in_(_sources(to, before)))
        .values(status=to, **columns)
        .returning(Message.id, Message.conversation_id)
    )
    return {row.id: row.conversation_id for row in moved}


def update_deliveries(session: Session, message_ids: Iterable[int], **columns: Any) -> None:
    """Set columns of these messages' deliveries."""
    if ids := list(message_ids):
        session.execute(update(Delivery).where(Delivery.message_id.in_(ids)).values(**columns))


def _sources(to: S, before: Sequence[S]) -> list[str]:
    allowed = [str(source) for source, targets in MOVES.items() if to in targets and (not before or source in before)]
    if len(allowed) < max(len(before), 1):
        raise ValueError(f"no message moves from {', '.join(before) or 'any status'} to {to}")
    return allowed


def record_reports(session: Session, moves: Sequence[Mapping[str, Any]]) -> None:
    """Move messages to what `settle` returned: `message`, `status`, `provider_id` and `sent_at` of each."""
    if moves:
        run(session, _REPORTS, {"moves": json.dumps(moves)})


_PAIRS = ",".join(f"{before}>{to}" for before, targets in _REPORTED.items() for to in sorted(targets))
_REPORTS = f"""
UPDATE messages m SET
    status = move.status,
    provider_id = coalesce(m.provider_id, nullif(move.provider_id, '')),
    sent_at = coalesce(m.sent_at, move.sent_at),
    error = CASE WHEN move.status = 'failed' THEN m.error END
FROM jsonb_to_recordset(%(moves)s::jsonb) AS move (message bigint, status text, provider_id text, sent_at timestamptz)
WHERE m.id = move.message AND m.status || '>' || move.status = ANY('{{{_PAIRS}}}')
"""  # noqa: S608 - the table

# Every accepted message gets its provider's id, also one that a receipt moved on before the response came.
ACCEPT = f"""
UPDATE messages m SET provider_id = o.provider_id, sent_at = coalesce(m.sent_at, now()),
    error = CASE WHEN {may_become(S.SENT)} THEN NULL ELSE m.error END,
    status = CASE WHEN {may_become(S.SENT)} THEN '{S.SENT}' ELSE m.status END,
    payload = CASE WHEN o.note = '' THEN m.payload ELSE m.payload || jsonb_build_object('note', o.note) END
FROM locked JOIN outcome o ON o.message = locked.id WHERE m.id = locked.id
RETURNING m.id, o.lease, m.conversation_id, m.sender, m.stored_at, m.status, m.type, m.text
"""  # noqa: S608 - constant fragments

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


def cancel_queued(
    session: Session, error: Mapping[str, str], *, identity_ids: Sequence[int] = (), message_ids: Sequence[int] = ()
) -> None:
    """Cancel queued messages by address or id, with the reason. Messages already being sent are not affected."""
    values = {"error": json.dumps(error), "identities": list(identity_ids), "messages": list(message_ids)}
    run(session, _CANCEL, values)


_CANCEL = f"""
WITH chosen AS (
    SELECT message_id FROM deliveries WHERE next_attempt_at IS NOT NULL
    AND (identity_id = ANY(%(identities)s::bigint[]) OR message_id = ANY(%(messages)s::bigint[]))
), cancelled AS (
    {update_sql(S.CANCELLED, "chosen", S.QUEUED, also="error = %(error)s::jsonb")} RETURNING m.id
)
UPDATE deliveries d SET next_attempt_at = NULL FROM cancelled WHERE d.message_id = cancelled.id
"""  # noqa: S608 - constant fragments
