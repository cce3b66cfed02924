"""Delivery receipts: store every one and move its message's status forward."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from core.channels.types import Receipt
from core.messaging.outbound import settlement, status
from core.models import DeliveryReceipt, Message, MessageStatus
from core.platform import events
from core.platform.db import business_of, in_business, run

Key = tuple[int, str]


def store(session: Session, reports: Sequence[tuple[int, Receipt]]) -> None:
    """Store each receipt and apply it to its message; one without a known message is applied later."""
    if not reports:
        return
    matched = _match(session, reports)
    new = _insert(session, [_row(channel_id, report, matched) for channel_id, report in reports])
    by_message: dict[int, list[_Report]] = defaultdict(list)
    for channel_id, report in reports:
        message_id = _message_of(channel_id, report, matched)
        if message_id and (channel_id, report.provider_id, report.status, report.timestamp) in new:
            by_message[message_id].append(_fresh(report))
    _apply(session, by_message)


def match_waiting(session: Session) -> int:
    """Apply receipts that came before their message's provider id was known. Returns how many were matched.

    Runs across businesses, from recovery: receipts carry our own id, so few are ever unmatched.
    """
    rows = session.execute(
        select(DeliveryReceipt, Message.id)
        .join(
            Message,
            and_(Message.channel_id == DeliveryReceipt.channel_id, Message.provider_id == DeliveryReceipt.provider_id),
        )
        .where(
            DeliveryReceipt.message_id.is_(None),
            DeliveryReceipt.received_at > func.now() - func.make_interval(0, 0, 0, 1),
        )
        .order_by(DeliveryReceipt.id)
        .limit(500)
    ).all()
    by_business: dict[int, dict[int, list[_Report]]] = defaultdict(lambda: defaultdict(list))
    for waiting, message_id in rows:
        waiting.message_id = message_id
        by_business[waiting.business_id][message_id].append(
            _Report(waiting.status, waiting.provider_id, waiting.occurred_at, waiting.errors)
        )
    session.flush()
    for business_id, waiting_by_message in by_business.items():
        with in_business(session, business_id):
            _apply(session, waiting_by_message)
    return len(rows)


def _match(session: Session, reports: Sequence[tuple[int, Receipt]]) -> dict[Key | int, int]:
    """Return our message of each receipt, by our own id where the receipt has it, else by the provider's."""
    ours = {report.our_id for _, report in reports if report.our_id is not None}
    theirs = {(channel_id, report.provider_id) for channel_id, report in reports}
    values = {
        "ours": list(ours),
        "channels": [channel_id for channel_id, _ in theirs],
        "provider_ids": [provider_id for _, provider_id in theirs],
    }
    rows = run(session, _MATCH, values)
    found: dict[Key | int, int] = {}
    for message_id, channel_id, provider_id in rows:
        if message_id in ours:
            found[message_id] = channel_id
        if provider_id:
            found[(channel_id, provider_id)] = message_id
    return found


_MATCH = """
SELECT id, channel_id, provider_id FROM messages WHERE id = ANY(%(ours)s::bigint[]) AND direction = 'outbound'
UNION
SELECT m.id, m.channel_id, m.provider_id
FROM unnest(%(channels)s::bigint[], %(provider_ids)s::text[]) AS r (channel, provider_id)
JOIN messages m ON m.channel_id = r.channel AND m.provider_id = r.provider_id
WHERE m.direction = 'outbound'
"""


def _message_of(channel_id: int, report: Receipt, matched: dict[Key | int, int]) -> int | None:
    if report.our_id is not None and matched.get(report.our_id) == channel_id:
        return report.our_id
    return matched.get((channel_id, report.provider_id))


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Store receipts and return those that are new.

    A repeated one says nothing new, and its message may have been sent once more since it failed.
    """
    stored = run(session, _KEEP, {"business": business_of(session), "rows": json.dumps(rows)})
    return {tuple(row) for row in stored}


_KEEP = """
INSERT INTO delivery_receipts (business_id, channel_id, message_id, provider_id, our_id, status,
    occurred_at, errors, pricing)
SELECT %(business)s, r.* FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    channel bigint, message bigint, provider_id text, our_id bigint, status text, at timestamptz, errors jsonb,
    pricing jsonb)
ON CONFLICT DO NOTHING
RETURNING channel_id, provider_id, status, occurred_at
"""


def _row(channel_id: int, report: Receipt, matched: dict[Key | int, int]) -> dict[str, Any]:
    return {
        "channel": channel_id,
        "message": _message_of(channel_id, report, matched),
        "provider_id": report.provider_id,
        "our_id": report.our_id,
        "status": report.status,
        "at": report.timestamp.isoformat(),
        "errors": [asdict(error) for error in report.errors],
        "pricing": dict(report.pricing),
    }


@dataclass(frozen=True, slots=True)
class _Report:
    """A receipt, whether it just came or was stored earlier."""

    status: str
    provider_id: str
    at: datetime
    errors: Sequence[dict[str, str]]


def _apply(session: Session, by_message: dict[int, list[_Report]]) -> None:
    """Move each message along the status table and settle the deliveries that were still being sent."""
    if not by_message:
        return
    rows = run(session, _LOCK, {"ids": list(by_message)})
    moves: list[dict[str, Any]] = []
    under_way: list[int] = []
    healed: list[int] = []
    failed: dict[int, dict[str, str]] = {}
    for message_id, now, conversation_id in rows:
        reports = by_message[message_id]
        reached = status.settle(now, [report.status for report in reports])
        if reached == now:
            continue
        events.publish_change(session, conversation_id)
        moves.append(
            {
                "message": message_id,
                "status": reached,
                "provider_id": reports[0].provider_id,
                "sent_at": None if reached == MessageStatus.FAILED else min(one.at for one in reports).isoformat(),
            }
        )
        if reached == MessageStatus.FAILED:
            failed[message_id] = next(_first_error(report) for report in reports if report.status == reached)
        elif now not in status.OUT:
            under_way.append(message_id)
            if now != MessageStatus.SENDING:
                healed.append(message_id)
    status.record_reports(session, moves)
    settlement.mark_sent(session, under_way, healed)
    settlement.mark_failed(session, failed)


_LOCK = """
SELECT id, status, conversation_id FROM messages WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR UPDATE
"""


def _fresh(report: Receipt) -> _Report:
    return _Report(report.status, report.provider_id, report.timestamp, [asdict(error) for error in report.errors])


def _first_error(report: _Report) -> dict[str, str]:
    if report.errors:
        return dict(report.errors[0])
    return {"code": "unknown", "title": "The provider gave no reason", "details": ""}
