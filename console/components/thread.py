"""Thread component: messages and composer."""

from __future__ import annotations

from collections.abc import Sequence

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
    copilot: bool,
) -> None:
    """Mount it.

    It fetches the conversation of the URL, or that the agent opens, and sends messages (desk.js). `copilot`: a model is
    configured for it.
    """
    data = {
        "copilot": copilot,
        "me": me.id,
        "saved": [{"shortcut": one.shortcut, "text": one.text} for one in saved],
        "values": {"agent.name": me.name, "business.name": me.business_name},
        "words": i18n.section("thread"),
        "language": i18n.current(),
        "timezone": me.timezone,
    }
    _COMPONENT(key="thread", data=data)
