"""The messages of a conversation, and the box to answer in."""

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
    parts: dict[str, Any],
    told: dict[str, Any],
    *,
    me: CurrentAgent,
    settled: Sequence[str],
    refused: Mapping[str, str],
    saved: Sequence[Saved],
    copilot: Mapping[str, Any],
    key: str,
    on_outbox: Callable[[], None],
    on_older: Callable[[], None],
    on_settle: Callable[[], None],
    on_ask: Callable[[], None],
    on_templates: Callable[[], None],
    on_assist: Callable[[], None],
) -> None:
    """Mount it.

    `outbox.items` of its state is all that was written and not yet settled: {token, conversation, text, note}. A token
    is settled when the server has dealt with it; `refused` gives the reasons of those that were not sent. `settle` is a
    person's decision about a message that did not go out: {message, what}, where what is retry or arrived; and about
    what the bot suggests: {run, what}, where what is send, edit or discard. `ask` wants to know why the bot wrote a
    message: {message}, or suggests one: {run}. `templates` asks for them in a conversation; None: not asked for yet.
    `assist` asks something of the copilot, {what, conversation, token, text, language}; `copilot` is what it is at.
    """
    data = {
        **parts,
        **told,
        "copilot": dict(copilot),
        "me": me.id,
        "settled": list(settled),
        "refused": dict(refused),
        "saved": [{"shortcut": one.shortcut, "text": one.text} for one in saved],
        "values": {"agent.name": me.name, "business.name": me.business_name},
        "words": i18n.section("thread"),
        "language": i18n.current(),
        "timezone": me.timezone,
    }
    _COMPONENT(
        key=key, data=data, default={"outbox": None},
        on_outbox_change=on_outbox, on_older_change=on_older, on_settle_change=on_settle,
        on_ask_change=on_ask, on_templates_change=on_templates,
        on_assist_change=on_assist,
    )  # fmt: skip
