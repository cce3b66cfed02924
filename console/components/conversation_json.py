"""What the components of an open conversation show, together: with the page, or ahead of it
(`console.http.inbox_api`).
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from console import i18n
from console.app_pages.inbox.conversation_queries import Opened
from console.components import customer, head, lines
from core.accounts.sessions import CurrentAgent


def shown(found: Opened, agent: CurrentAgent, language: str) -> dict[str, dict[str, Any]]:
    """By component. `read_at` of each, in seconds, tells which of two is newer."""
    with i18n.speaking(language):
        parts = {
            "thread": lines.shown(found, language),
            "head": head.shown(found),
            "customer": customer.shown(found, ZoneInfo(agent.timezone)),
        }
    about = {"conversation": found.thread.id, "read_at": found.thread.read_at.timestamp()}
    return {name: {**about, **part} for name, part in parts.items()}
