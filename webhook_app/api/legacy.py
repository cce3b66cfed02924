"""The older paths: the same calls under the names they once had."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from webhook_app.api import conversations, messages, queue, routes, stats
from webhook_app.api.schemas import (
    ConversationList,
    ConversationOut,
    MessageList,
    PlacedOut,
    QueueOut,
    RetryOut,
    StatsOut,
)

api = routes.blueprint("older paths", "The same calls under the names they once had")

_TALK = "/api/whatsapp/conversations/<int:conversation_id>"


def _gives(model: type[BaseModel], status: int = 200) -> dict[str, Any]:
    return {"deprecated": True, "responses": {status: model}}


api.post("/api/messaging/send", **_gives(PlacedOut, 202))(messages.send_message)
api.get("/api/messaging/conversations", **_gives(ConversationList))(conversations.list_conversations)
api.get("/api/whatsapp/stats", **_gives(StatsOut))(stats.get_stats)
api.post(f"{_TALK}/close", **_gives(ConversationOut))(conversations.close_conversation)
api.get(f"{_TALK}/history", **_gives(MessageList))(conversations.list_messages)
api.get("/api/v1/webhook/queue-status", **_gives(QueueOut))(queue.get_queue)
api.post("/api/v1/webhook/retry", **_gives(RetryOut))(queue.retry_messages)
