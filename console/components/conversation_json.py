"""JSON of an open conversation's components, for the page and for `console.http.inbox_api`."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from console import i18n
from console.app_pages.inbox.conversation_queries import Opened
from console.components import customer, head, lines
from core.accounts.sessions import CurrentAgent


def to_json(found: Opened, agent: CurrentAgent, language: str) -> dict[str, dict[str, Any]]:
    """Return the JSON by component. `read_at`, in seconds, orders two versions."""
    with i18n.speaking(language):
        parts = {
            "thread": lines.to_json(found, language),
            "head": head.to_json(found),
            "customer": customer.to_json(found, ZoneInfo(agent.timezone)),
        }
    about = {"conversation": found.thread.id, "read_at": found.thread.read_at.timestamp()}
    return {name: {**about, **part} for name, part in parts.items()}
