"""Copilot requests from the composer, their progress and results.

The browser keeps the input. The copilot's text is sent with the next draw of the thread, under the request's token,
and inserted into the composer. Nothing here is sent to a customer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from console import i18n, layout
from console.app_pages.inbox import commands, copilot_commands, copilot_queries
from console.i18n import t
from core.bots.llm.types import FailureKind
from core.conversations.canned_responses import Saved
from core.platform.errors import BotHubError
from core.replies.copilot import LONGEST_TEXT, Help, Language, Task
from core.types import Passage

log = logging.getLogger(__name__)
state = st.session_state
_LONGEST_SOURCE = 600  # characters
_LANGUAGES: dict[str, Language] = {"es": "es", "en": "en", "pt": "pt"}
_OURS = frozenset({FailureKind.AUTHENTICATION, FailureKind.QUOTA, FailureKind.REJECTED})
_PASSING = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECTION, FailureKind.RATE_LIMITED, FailureKind.SERVER})


@dataclass(slots=True)
class _Job:
    """One copilot request of this browser. `found` is the result that needs no model."""

    token: str
    conversation_id: int
    what: str
    future: Future[Help] | None = None
    found: dict[str, Any] = field(default_factory=dict)


def handle_request(wanted: Mapping[str, Any]) -> None:
    """Start the composer's copilot request and redraw the thread."""
    what, conversation_id = str(wanted.get("what")), int(wanted.get("conversation", 0))
    panes = ["opened"]
    match what:
        case "look":
            pass
        case "note":
            _do(
                lambda: commands.note(conversation_id, str(wanted.get("text", "")), str(wanted.get("token"))),
                t("copilot.noted"),
            )
        case "tag":
            _do(lambda: commands.add_tags(conversation_id, [str(wanted.get("tag", ""))]), t("copilot.tagged"))
            panes = ["list", "opened"]
        case _:
            state["copilot"] = _begun(what, conversation_id, wanted)
    st.rerun(panes)


def _do(act: Callable[[], None], done: str) -> None:
    try:
        act()
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")
    else:
        layout.toast(done, icon=":material/check:")


def _begun(what: str, conversation_id: int, wanted: Mapping[str, Any]) -> _Job:
    job = _Job(str(wanted.get("token")), conversation_id, what)
    try:
        if what == "replies":
            job.found = {"replies": [_reply(one) for one in copilot_queries.likely_replies(conversation_id)]}
            return job
        if what == Task.TAGS:
            job.found = {"tags": copilot_queries.named_tags(conversation_id)}
            if not copilot_queries.can_write():
                return job
        text = str(wanted.get("text") or "")[:LONGEST_TEXT]
        job.future = copilot_commands.begin(conversation_id, Task(what), text, _language(what, wanted))
    except BotHubError as error:
        job.found |= {"error": layout.say(error)}
    return job


def _language(what: str, wanted: Mapping[str, Any]) -> Language:
    """Return the target language: the agent's for a summary, the selected one for a translation."""
    chosen = i18n.current() if what == Task.SUMMARISE else str(wanted.get("language"))
    return _LANGUAGES.get(chosen, "customer")


def client_state() -> dict[str, Any]:
    """Return the composer's copilot state: model availability and the last request, if any."""
    job: _Job | None = state.get("copilot")
    if job is None:
        return {"model": copilot_queries.can_write(), "job": None}
    about = {"token": job.token, "what": job.what}
    if job.future is None:
        return {"model": copilot_queries.can_write(), "job": about | {"state": "done"} | job.found}
    if not job.future.done():
        return {"model": True, "job": about | {"state": "thinking"}}
    return {"model": True, "job": about | {"state": "done"} | job.found | _outcome(job.future, job.found)}


def _outcome(future: Future[Help], before: Mapping[str, Any]) -> dict[str, Any]:
    if (broken := future.exception()) is not None:
        log.error("copilot failed", exc_info=broken)
        return {"error": layout.say(broken) if isinstance(broken, BotHubError) else t("copilot.failed_passing")}
    came = future.result()
    if came.failed is not None:
        return {"error": _trouble(came.failed), "doubt": came.doubt}
    return {
        "text": came.text,
        "doubt": came.doubt,
        "sources": [_source(one) for one in came.sources],
        "tags": list(dict.fromkeys([*came.tags, *before.get("tags", [])])),
    }


def _trouble(kind: FailureKind) -> str:
    if kind in _OURS:
        return t("copilot.failed_admin")
    return t("copilot.failed_passing" if kind in _PASSING else "copilot.failed_empty")


def _reply(saved: Saved) -> dict[str, str]:
    return {"shortcut": saved.shortcut, "text": saved.text}


def _source(passage: Passage) -> dict[str, Any]:
    more = "…" if len(passage.text) > _LONGEST_SOURCE else ""
    return {"title": passage.title, "text": passage.text[:_LONGEST_SOURCE] + more, "score": round(passage.score * 100)}
