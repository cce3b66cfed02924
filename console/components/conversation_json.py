"""JSON of an open conversation's components, for `console.http.inbox_api`."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from console import i18n
from console.app_pages.inbox.conversation_queries import Opened
from console.components import customer, head, lines
from core.accounts.sessions import CurrentAgent


def to_json(found: Opened, agent: CurrentAgent, language: str) -> dict[str, dict[str, Any]]:
    """Return the JSON by component."""
    with i18n.speaking(language):
        parts = {
            "thread": lines.to_json(found, language),
            "head": head.to_json(found),
            "customer": customer.to_json(found, ZoneInfo(agent.timezone)),
        }
    return {name: {"conversation": found.thread.id, **part} for name, part in parts.items()}
