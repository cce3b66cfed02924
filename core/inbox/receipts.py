"""Providers' reports about our messages: every one kept, each message moved forward at most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Text, and_, bindparam, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import live
from core.channels.base import Receipt
from core.models import Direction, Message, MessageStatus, ReceiptEvent
from core.outbox import settlement
from core.outbox.status import settle

Key = tuple[int, str]


def store(session: Session, business_id: int, reports: Sequence[tuple[int, Receipt]]) -> None:
    """Keep each report and apply it to its message; one whose message is not known yet waits for it."""
    if not reports:
        return
    matched = _match(session, reports)
    rows = [_row(business_id, channel_id, report, matched) for channel_id, report in reports]
    new = _insert(session, rows)
    by_message: dict[int, list[_Report]] = defaultdict(list)
    for channel_id, report in reports:
        message_id = _message_of(channel_id, report, matched)
        if message_id and (channel_id, report.provider_id, report.status, report.timestamp) in new:
            by_message[message_id].append(_fresh(report))
    _apply(session, business_id, by_message)


def match_waiting(session: Session) -> int:
    """Apply reports that came before their message's provider id was known. Returns how many found theirs.

    Runs across businesses, from the sweep: reports carry our own id, so few ever wait.
    """
    rows = session.execute(
        select(ReceiptEvent, Message.id)
        .join(
            Message,
            and_(Message.channel_id == ReceiptEvent.channel_id, Message.provider_id == ReceiptEvent.provider_id),
        )
        .where(
            ReceiptEvent.message_id.is_(None), ReceiptEvent.received_at > func.now() - func.make_interval(0, 0, 0, 1)
        )
        .order_by(ReceiptEvent.id)
        .limit(500)
    ).all()
    by_business: dict[int, dict[int, list[_Report]]] = defaultdict(lambda: defaultdict(list))
    for waiting, message_id in rows:
        waiting.message_id = message_id
        by_business[waiting.business_id][message_id].append(
            _Report(waiting.status, waiting.provider_id, waiting.occurred_at, waiting.errors)
        )
    for business_id, waiting_by_message in by_business.items():
        _apply(session, business_id, waiting_by_message)
    session.flush()
    return len(rows)


def _match(session: Session, reports: Sequence[tuple[int, Receipt]]) -> dict[Key | int, int]:
    """Our message of each report, by our own id where it came back, else by the provider's."""
    ours = {report.our_id for _, report in reports if report.our_id is not None}
    theirs = {(channel_id, report.provider_id) for channel_id, report in reports}
    rows = session.execute(
        select(Message.id, Message.channel_id, Message.provider_id).where(
            Message.direction == Direction.OUTBOUND,
            or_(Message.id.in_(ours), tuple_(Message.channel_id, Message.provider_id).in_(theirs)),
        )
    )
    found: dict[Key | int, int] = {}
    for message_id, channel_id, provider_id in rows:
        if message_id in ours:
            found[message_id] = channel_id
        if provider_id:
            found[(channel_id, provider_id)] = message_id
    return found


def _message_of(channel_id: int, report: Receipt, matched: dict[Key | int, int]) -> int | None:
    if report.our_id is not None and matched.get(report.our_id) == channel_id:
        return report.our_id
    return matched.get((channel_id, report.provider_id))


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Keep the reports, and tell which were not there yet.

    One that comes again says nothing new, and its message may have been sent once more since it failed.
    """
    query = (
        insert(ReceiptEvent)
        .on_conflict_do_nothing()
        .returning(ReceiptEvent.channel_id, ReceiptEvent.provider_id, ReceiptEvent.status, ReceiptEvent.occurred_at)
    )
    return {tuple(row) for row in session.execute(query, rows)}


def _row(business_id: int, channel_id: int, report: Receipt, matched: dict[Key | int, int]) -> dict[str, Any]:
    return {
        "business_id": business_id,
        "channel_id": channel_id,
        "message_id": _message_of(channel_id, report, matched),
        "provider_id": report.provider_id,
        "our_id": report.our_id,
        "status": report.status,
        "occurred_at": report.timestamp,
        "errors": [asdict(error) for error in report.errors],
        "pricing": dict(report.pricing),
    }


@dataclass(frozen=True, slots=True)
class _Report:
    """A report, whether it just came or has waited in the database."""

    status: str
    provider_id: str
    at: datetime
    errors: Sequence[dict[str, str]]


def _apply(session: Session, business_id: int, by_message: dict[int, list[_Report]]) -> None:
    """Move each message along the status table, and settle the deliveries of those that were still under way."""
    if not by_message:
        return
    rows = session.execute(
        select(Message.id, Message.status, Message.conversation_id)
        .where(Message.id.in_(by_message))
        .order_by(Message.id)
        .with_for_update()
    ).all()
    moves: list[dict[str, Any]] = []
    under_way: list[int] = []
    failed: dict[int, dict[str, str]] = {}
    for message_id, status, conversation_id in rows:
        reports = by_message[message_id]
        reached = settle(status, [report.status for report in reports])
        if reached == status:
            continue
        live.notify(session, business_id, conversation_id)
        moves.append(
            {
                "message": message_id,
                "status": reached,
                "provider_id": reports[0].provider_id,
                "sent_at": None if reached == MessageStatus.FAILED else min(report.at for report in reports),
            }
        )
        if reached == MessageStatus.FAILED:
            failed[message_id] = next(_first_error(report) for report in reports if report.status == reached)
        elif status not in _OUT:
            under_way.append(message_id)
    if moves:
        session.execute(_MOVE, moves)
    settlement.reported_sent(session, under_way)
    settlement.reported_failed(session, business_id, failed)


_OUT = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED})
_MOVE = text("""
UPDATE messages SET
    status = :status,
    provider_id = coalesce(provider_id, :provider_id),
    sent_at = coalesce(sent_at, :sent_at),
    error = CASE WHEN :status = 'failed' THEN error END
WHERE id = :message
""").bindparams(
    bindparam("sent_at", type_=DateTime(timezone=True)),
    bindparam("status", type_=Text),
    bindparam("message", type_=BigInteger),
)


def _fresh(report: Receipt) -> _Report:
    return _Report(report.status, report.provider_id, report.timestamp, [asdict(error) for error in report.errors])


def _first_error(report: _Report) -> dict[str, str]:
    if report.errors:
        return dict(report.errors[0])
    return {"code": "unknown", "title": "The provider gave no reason", "details": ""}
