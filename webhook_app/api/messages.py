"""Routes: send, read and cancel messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.accounts.api_keys import Scope
from core.channels.content.shapes import parse_content
from core.channels.types import InvalidMessage
from core.conversations import api_reads
from core.messaging.attachments import outgoing
from core.messaging.outbound import manual_retry
from core.messaging.outbound.api_send import Recipient, SendRequest, submit
from core.platform import job_queue
from core.platform.db import transaction
from webhook_app.api import blueprint, cursors
from webhook_app.api.auth import caller, needs
from webhook_app.api.schemas import (
    MessageList,
    MessageOut,
    MessagePath,
    PlacedOut,
    ScheduledQuery,
    SendHeaders,
    SendMessage,
)

api = blueprint.blueprint("messages", "Sending and following messages")

_MAX_AHEAD = timedelta(days=366)


@api.post("/api/v1/messages", responses={202: PlacedOut})
@needs(Scope.MESSAGES_WRITE)
def send_message(header: SendHeaders, body: SendMessage) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Queue a message.

    It is stored when the answer comes and sent in the background: follow `status`.
    """
    return place_message(header, body)


def place_message(header: SendHeaders, body: SendMessage) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Put a message in the outbox and return it as stored."""
    who = caller()
    with transaction(who.scope) as session:
        order = _order(header, body)
        if not who.may(Scope.MESSAGES_READ):
            outgoing.check_handed_in(session, order.content)
        placed = submit(session, order)
        first = api_reads.messages_by_id(session, placed.message_ids)[0]
    if not placed.replayed:
        job_queue.wake_worker()
    answer = _message(first) | {"parts": list(placed.message_ids)}
    return answer, 202, {"Idempotency-Replayed": "true"} if placed.replayed else {}


@api.get("/api/v1/messages/scheduled", responses={200: MessageList})
@needs(Scope.MESSAGES_READ)
def list_scheduled_messages(query: ScheduledQuery) -> dict[str, Any]:
    """Messages that wait for their `send_at`, the soonest first. `cancel` takes one back."""
    who = caller()
    after = cursors.decode(query.cursor)
    with transaction(who.scope) as session:
        page = api_reads.scheduled(session, query.conversation_id, after, query.limit)
    return MessageList.model_validate({"items": page.items, "next_cursor": cursors.encode(page.next)}).model_dump(
        mode="json"
    )


@api.get("/api/v1/messages/<int:message_id>", responses={200: MessageOut})
@needs(Scope.MESSAGES_READ)
def get_message(path: MessagePath) -> dict[str, Any]:
    """One message, with where it is on its way."""
    who = caller()
    with transaction(who.scope) as session:
        return _message(api_reads.messages_by_id(session, [path.message_id])[0])


@api.post("/api/v1/messages/<int:message_id>/cancel", responses={200: MessageOut})
@needs(Scope.MESSAGES_WRITE)
def cancel_message(path: MessagePath) -> dict[str, Any]:
    """Take back a message that waits to be sent, now or later; 409 once it is being sent.

    A long text's other parts are messages of their own. Keys without the scope messages:read are not told what the
    message says.
    """
    who = caller()
    with transaction(who.scope) as session:
        manual_retry.cancel(session, path.message_id)
        shown = _message(api_reads.messages_by_id(session, [path.message_id])[0])
    return shown if who.may(Scope.MESSAGES_READ) else {**shown, **_WITHHELD}


# Values for keys that may not read messages.
_WITHHELD: Mapping[str, Any] = {"text": "", "payload": {}, "media": []}


def _message(view: api_reads.MessageView) -> dict[str, Any]:
    return MessageOut.model_validate(view).model_dump(mode="json")


def _order(header: SendHeaders, body: SendMessage) -> SendRequest:
    return SendRequest(
        content=parse_content(body.content()).model_dump(mode="json", exclude_none=True),
        conversation_id=body.conversation_id,
        recipient=_recipient(body),
        reply_to=None if body.reply_to is None else str(body.reply_to),
        idempotency_key=header.idempotency_key,
        send_at=_time(body.send_at),
        take_over=body.take_over,
    )


def _recipient(body: SendMessage) -> Recipient | None:
    """Return the recipient; None when only a conversation is named."""
    if body.to is None:
        return None
    if body.channel is None:
        raise InvalidMessage("channel", "is missing: whatsapp, sms or email")
    return Recipient(body.channel, body.to, body.from_)


def _time(send_at: datetime | None) -> datetime | None:
    """Convert to UTC: Postgres rejects unusual offsets, and near the ends of the calendar the time does not exist."""
    if send_at is None:
        return None
    try:
        moment = send_at.astimezone(UTC)
    except OverflowError:
        raise InvalidMessage("send_at", "is no time of our years") from None
    if moment - datetime.now(UTC) > _MAX_AHEAD:
        raise InvalidMessage("send_at", "is more than a year ahead")
    return moment
