"""Thread component: messages and composer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console import i18n
from console.components import load
from core.accounts.sessions import CurrentAgent
from core.conversations.canned_responses import Saved

_COMPONENT = load(
    "thread",
    """<div class='wrap'>
<div class='scroll' role='log' aria-live='polite' tabindex='0'><div class='lines'></div></div>
<button type='button' class='jump' hidden></button>
<form class='composer'>
  <p class='others' role='status' hidden></p>
  <div class='offer' hidden></div>
  <div class='templates' hidden></div>
  <p class='note' role='status' hidden></p>
  <div class='modes'></div>
  <div class='reply' hidden></div>
  <div class='faces' hidden></div>
  <div class='spot' hidden></div>
  <div class='chips' hidden></div>
  <div class='helps' hidden></div>
  <div class='helped' role='status' hidden></div>
  <div class='box'>
    <textarea rows='1'></textarea>
    <div class='bar'><button type='button' class='attach'></button><input type='file' class='picker' multiple hidden>
    <button type='button' class='template'></button>
    <button type='button' class='emoji'></button>
    <button type='button' class='pin'></button>
    <button type='button' class='spark'></button>
    <span class='hint'></span><button type='submit' class='send'></button></div>
  </div>
</form>
</div>""",
)


def thread_view(
    *,
    me: CurrentAgent,
    saved: Sequence[Saved],
    copilot: Mapping[str, Any],
    key: str,
    on_ask: Callable[[], None],
    on_assist: Callable[[], None],
) -> None:
    """Mount it.

    It fetches the conversation of the URL, or that the agent opens, and sends messages (desk.js). In its state, `ask`
    requests the explanation of a message: {message}, or of a draft: {run}; `assist` is a copilot request: {what,
    conversation, token, text, language}; `copilot` is its progress.
    """
    data = {
        "copilot": dict(copilot),
        "me": me.id,
        "saved": [{"shortcut": one.shortcut, "text": one.text} for one in saved],
        "values": {"agent.name": me.name, "business.name": me.business_name},
        "words": i18n.section("thread"),
        "language": i18n.current(),
        "timezone": me.timezone,
    }
    _COMPONENT(
        key=key,
        data=data,
        on_ask_change=on_ask,
        on_assist_change=on_assist,
    )
