"""The messages of a conversation, and the box to answer in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console import i18n
from console.components import load
from console.components.contents import contents
from core.channels.whatsapp_cloud.templates import Template
from core.conversations.saved_replies import Saved
from core.conversations.thread import Line, Thread
from core.people.sessions import CurrentAgent

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
    thread: Thread,
    *,
    me: CurrentAgent,
    settled: Sequence[str],
    refused: Mapping[str, str],
    saved: Sequence[Saved],
    templates: Sequence[Template] | None,
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
        "conversation": thread.id,
        "name": thread.name or thread.address,
        "lines": [_line(line, me) for line in thread.lines],
        "more": thread.more,
        "suggestion": _suggestion(thread),
        "bot": thread.mode == "bot",
        "shut": _shut(thread),
        "templates": None if templates is None else [_template(one) for one in templates],
        "copilot": dict(copilot),
        "whatsapp": thread.kind == "whatsapp",
        "window": thread.window_expires_at.isoformat() if thread.window_expires_at else None,
        "me": me.id,
        "settled": list(settled),
        "refused": dict(refused),
        "saved": [{"shortcut": one.shortcut, "text": one.text} for one in saved],
        "values": {
            "contact.name": thread.name,
            "contact.first_name": thread.name.split(" ")[0],
            "agent.name": me.name,
            "business.name": me.business_name,
        },
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


def _template(one: Template) -> dict[str, Any]:
    buttons = next((part.get("buttons", []) for part in one.components if part.get("type") == "BUTTONS"), [])
    return {
        "name": one.name,
        "language": one.language,
        "category": one.category,
        "header": one.header,
        "headerText": next((part.get("text", "") for part in one.components if part.get("type") == "HEADER"), ""),
        "headerVariables": one.header_variables,
        "body": one.body,
        "bodyVariables": one.body_variables,
        "footer": next((part.get("text", "") for part in one.components if part.get("type") == "FOOTER"), ""),
        "buttons": [button.get("text", "") for button in buttons],
        "buttonVariables": [[index, name] for index, names in one.button_variables.items() for name in names],
    }


def _suggestion(thread: Thread) -> dict[str, Any] | None:
    if (found := thread.suggestion) is None:
        return None
    return {"run": found.run_id, "text": found.text, "at": found.written_at.isoformat(), "overtaken": found.overtaken}


def _shut(thread: Thread) -> dict[str, str] | None:
    """Why nothing can be written at present: by what, and in words."""
    by = "closed" if thread.status == "closed" else "opted_out" if thread.opted_out else "window"
    if by == "window" and thread.window_open:
        return None
    return {"by": by, "words": i18n.t(f"shut.{by}")}


def _line(line: Line, me: CurrentAgent) -> dict[str, Any]:
    payload = line.payload
    shown: dict[str, Any] = {
        "id": line.id,
        "sender": "note" if line.type == "note" else line.sender,
        "author": line.author or (i18n.t("thread.bot") if line.sender == "bot" else i18n.t("thread.team")),
        "type": line.type,
        "text": (payload.get("edited") or {}).get("text") or line.text,
        "at": line.created_at.isoformat(),
        "status": line.status,
        "token": (line.idempotency_key or "").removeprefix("console:"),
    }
    if line.type == "event":
        shown["text"] = _event(line)
        shown["about"] = _about(line.payload) if line.payload.get("event") == "handed_off" else []
    if line.provider_id and line.type not in ("event", "note", "call"):
        shown["provider"] = line.provider_id
    if line.quoted:
        shown |= {"quoted": line.quoted, "quotes": line.reply_to}
    if line.error and line.status in ("failed", "uncertain", "queued"):
        shown["trouble"] = _trouble(line.status, line.error)
    if line.files:
        shown["files"] = [
            {"id": file.id, "state": file.state, "mime": file.mime_type, "name": file.filename, "size": file.size}
            for file in line.files
        ]
    place = payload.get("location") or payload
    if line.type == "location" and isinstance(place.get("latitude"), int | float):
        shown["place"] = {"latitude": place["latitude"], "longitude": place.get("longitude", 0)}
    if line.type == "template" and payload.get("shown"):
        shown["template"] = payload["shown"]
    if reactions := payload.get("reactions"):
        shown["reactions"] = list(reactions.values())
    if payload.get("edited") and line.text != shown["text"]:
        shown["before"] = line.text
    shown |= contents(line)
    shown |= {mark: True for mark in ("edited", "revoked", "forwarded") if payload.get(mark)}
    return shown


def _event(line: Line) -> str:
    """What happened to the conversation, in the words of whoever looks."""
    event = str(line.payload.get("event", ""))
    reason = str(line.payload.get("reason", ""))
    words = i18n.catalogue(i18n.current())
    template = words.get(f"event.{event}", event.replace("_", " "))
    who = line.author or words["event.somebody"]
    told = {"who": who, "reason": words.get(f"reason.{reason}", reason.replace("_", " "))}
    return template.format_map({**told, "score": line.payload.get("score", ""), "to": line.payload.get("to", "")})


def _about(payload: Mapping[str, Any]) -> list[str]:
    """Who got what the bot handed over and what it is about, in the model's words or the customer's own."""
    words = i18n.catalogue(i18n.current())
    owner = [words["event.owner"].format(owner=payload["owner"])] if payload.get("owner") else []
    if payload.get("words"):
        return [*owner, str(payload["words"])]
    return owner + [words[f"event.{part}"].format_map(payload) for part in ("asked", "tried") if payload.get(part)]


def _trouble(status: str, error: Mapping[str, Any]) -> dict[str, str]:
    """Why a message did not go out, and what to do about it."""
    words = i18n.catalogue(i18n.current())
    provider = f"{error.get('title', '')} ({error.get('code', '')})"
    return {
        "what": words[f"trouble.{status}"],
        "advice": words.get(f"cause.{error.get('cause')}", str(error.get("advice", ""))),
        "provider": provider,
    }
