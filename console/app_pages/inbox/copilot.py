"""Copilot: what the composer shows for a request. Nothing here is sent to a customer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from console import i18n, layout
from console.app_pages.inbox import copilot_commands, copilot_queries
from console.i18n import t
from core.bots.llm.types import FailureKind
from core.platform.errors import Conflict, Unavailable
from core.replies.copilot import LONGEST_TEXT, Language, Task
from core.types import Passage

_LONGEST_SOURCE = 600  # characters
_LANGUAGES: dict[str, Language] = {"es": "es", "en": "en", "pt": "pt"}
_OURS = frozenset({FailureKind.AUTHENTICATION, FailureKind.QUOTA, FailureKind.REJECTED})
_PASSING = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECTION, FailureKind.RATE_LIMITED, FailureKind.SERVER})


def help_with(conversation_id: int, what: str, text: str, language: str) -> dict[str, Any]:
    """Return a text with its sources, tags or saved replies, or the `error` in words. It may take as long as the model.

    `language` is that of a translation, else the customer's. Raises `ValueError` for an unknown request, and the errors
    of `copilot_commands.write`.
    """
    if what == "replies":
        return {"replies": [asdict(one) for one in copilot_queries.likely_replies(conversation_id)]}
    task = Task(what)
    named = copilot_queries.named_tags(conversation_id) if task is Task.TAGS else []
    if task is Task.TAGS and not copilot_queries.can_write():
        return {"tags": named}
    chosen = i18n.current() if task is Task.SUMMARISE else language
    try:
        came = copilot_commands.write(conversation_id, task, text[:LONGEST_TEXT], _LANGUAGES.get(chosen, "customer"))
    except (Conflict, Unavailable) as error:
        if not named:
            raise
        return {"tags": named, "error": layout.say(error)}
    if came.failed is not None:
        return {"tags": named, "error": _trouble(came.failed), "doubt": came.doubt}
    return {
        "text": came.text,
        "doubt": came.doubt,
        "sources": [_source(one) for one in came.sources],
        "tags": list(dict.fromkeys([*came.tags, *named])),
    }


def _trouble(kind: FailureKind) -> str:
    if kind in _OURS:
        return t("copilot.failed_admin")
    return t("copilot.failed_passing" if kind in _PASSING else "copilot.failed_empty")


def _source(passage: Passage) -> dict[str, Any]:
    more = "…" if len(passage.text) > _LONGEST_SOURCE else ""
    return {"title": passage.title, "text": passage.text[:_LONGEST_SOURCE] + more, "score": round(passage.score * 100)}
