"""Deprecated paths: the same calls under their former names, and two whose bodies differ."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from core.accounts.api_keys import Scope
from core.messaging.outbound import manual_retry
from core.platform import job_queue
from core.platform.db import transaction
from webhook_app.api import blueprint, conversations, messages, queue, stats
from webhook_app.api.auth import caller, needs
from webhook_app.api.queue_schemas import LegacyRetryOut, QueueOut, Retry
from webhook_app.api.schemas import (
    ConversationList,
    ConversationOut,
    LegacySend,
    MessageList,
    PlacedOut,
    SendHeaders,
    StatsOut,
)

api = blueprint.blueprint("older paths", "The same calls under the names they once had")

_CONVERSATION = "/api/whatsapp/conversations/<int:conversation_id>"


def _deprecated(model: type[BaseModel], status: int = 200) -> dict[str, Any]:
    return {"deprecated": True, "responses": {status: model}}


@api.post("/api/messaging/send", **_deprecated(PlacedOut, 202))
@needs(Scope.MESSAGES_WRITE)
def send(header: SendHeaders, body: LegacySend) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Queue a message."""
    return messages.place_message(header, body.as_message())


@api.post("/api/v1/webhook/retry", **_deprecated(LegacyRetryOut), request_body=queue.OPTIONAL)
@needs(Scope.QUEUE_WRITE)
def retry(body: Retry) -> dict[str, Any]:
    """Without a body, for a program that asks every minute: try again what the provider never took nor refused.

    A message is given up after three times the usual tries. With a body: as /api/v1/queue/retry.
    """
    who = caller()
    if body.ids or body.cause:
        done = queue.retry_messages(body=body)
    else:
        with transaction(who.scope) as session:
            retried = len(manual_retry.retry_unfinished(session).queued)
        job_queue.wake_worker()
        done = {"messages_retried": retried, "successful": retried, "failed": 0}
    return {"status": "ok", "result": {name: done[name] for name in ("messages_retried", "successful", "failed")}}


api.get("/api/messaging/conversations", **_deprecated(ConversationList))(conversations.list_conversations)
api.get("/api/whatsapp/stats", **_deprecated(StatsOut))(stats.get_stats)
api.post(f"{_CONVERSATION}/close", **_deprecated(ConversationOut))(conversations.close_conversation)
api.get(f"{_CONVERSATION}/history", **_deprecated(MessageList))(conversations.list_messages)
api.get("/api/v1/webhook/queue-status", **_deprecated(QueueOut))(queue.get_queue)
