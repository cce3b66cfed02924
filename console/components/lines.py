"""Thread JSON: a conversation's messages in the viewer's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from email.utils import parseaddr
from typing import Any

from console import i18n
from console.app_pages.inbox.conversation_queries import Opened
from console.components.contents import contents
from core.channels.content.files import named
from core.channels.content.plain_text import as_text
from core.channels.templates import slots as template_slots
from core.channels.templates.template import Template
from core.conversations.thread import Line, Thread

_BEYOND = ("mpm", "order_details")  # product lists and payments: the composer has no form for them


def to_json(found: Opened, language: str) -> dict[str, Any]:
    """Return the thread's JSON: messages, and whether a reply is possible."""
    thread, words = found.thread, i18n.catalogue(language)
    return {
        "name": thread.name or thread.address,
        "contact": {"contact.name": thread.name, "contact.first_name": thread.name.split(" ")[0]},
        "lines": [_line(line, words) | _mail(line, thread.address) for line in thread.lines],
        "more": thread.more,
        "suggestion": _suggestion(thread),
        "bot": thread.mode == "bot",
        "shut": _shut(thread, words),
        "window_over": words["shut.window"],
        "whatsapp": thread.kind == "whatsapp",
        "files": found.takes_files,
        "window": thread.window_expires_at.isoformat() if thread.window_expires_at else None,
        "templates": None if found.templates is None else [_template(one) for one in found.templates],
    }


def _template(one: Template) -> dict[str, Any]:
    """Return a template. `slots` are its inputs; `strange` is a part the composer cannot fill, or ""."""
    found = template_slots.slots(one.components)
    beyond = next((slot.kind.upper() for slot in found if slot.kind in _BEYOND), "")
    return {
        "name": one.name,
        "language": one.language,
        "category": one.category,
        "content": template_slots.content_sid(one.components),
        "slots": [asdict(slot) for slot in found],
        "strange": template_slots.strange(one.components) or beyond,
        **_words(one.components),
        "cards": [_words(card) for part in one.components for card in template_slots.cards(part)],
    }


def _words(components: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the texts of a template or of one card."""
    by_type = {part.get("type"): part for part in components}
    return {
        "headerText": by_type.get("HEADER", {}).get("text", ""),
        "body": by_type.get("BODY", {}).get("text", ""),
        "footer": by_type.get("FOOTER", {}).get("text", ""),
        "buttons": [button.get("text", "") for button in template_slots.buttons(by_type.values())],
    }


def _suggestion(thread: Thread) -> dict[str, Any] | None:
    if (found := thread.suggestion) is None:
        return None
    return {"run": found.run_id, "text": found.text, "at": found.written_at.isoformat(), "overtaken": found.overtaken}


def _shut(thread: Thread, words: Mapping[str, str]) -> dict[str, str] | None:
    """Return why replying is not possible: cause and text."""
    by = (
        "closed" if thread.status == "closed"
        else "address_ended" if thread.address_ended
        else "opted_out" if thread.opted_out
        else "group" if thread.in_group
        else "window"
    )  # fmt: skip
    if by == "window" and thread.window_open:
        return None
    return {"by": by, "words": words[f"shut.{by}"]}


def _line(line: Line, words: Mapping[str, str]) -> dict[str, Any]:
    payload = line.payload
    shown: dict[str, Any] = {
        "id": line.id,
        "sender": "note" if line.type == "note" else line.sender,
        "author": line.author or words["thread.bot" if line.sender == "bot" else "thread.team"],
        "type": line.type,
        "text": _text(line),
        "at": line.created_at.isoformat(),
        "status": line.status,
        "token": (line.idempotency_key or "").removeprefix("console:"),
    }
    if line.type == "event":
        shown["text"] = _event(line, words)
        if until := line.payload.get("until"):
            shown["until"] = str(until)
        shown["about"] = _about(line.payload, words) if line.payload.get("event") == "handed_off" else []
    if payload.get("revoked"):
        return shown | {"text": "", "revoked": True}
    if line.provider_id and line.type not in ("event", "note", "call"):
        shown["provider"] = line.provider_id
    if line.quoted:
        shown |= {"quoted": line.quoted, "quotes": line.reply_to}
    if line.error and line.status in ("failed", "uncertain", "queued"):
        shown["trouble"] = _trouble(line.status, line.error, words)
    if line.files:
        shown["files"] = [
            {
                "id": file.id, "state": file.state, "mime": file.mime_type, "size": file.size,
                "name": file.filename or _file_name(line),
            }
            for file in line.files
        ]  # fmt: skip
    if line.sender != "customer" and (linked := [file for file in named(payload) if file.link]):
        shown["links"] = [
            {"address": file.link, "kind": file.kind, "name": as_text(file.kind, {"filename": file.filename})}
            for file in linked
        ]
    place = payload.get("location") or payload
    if line.type == "location" and isinstance(place.get("latitude"), int | float):
        shown["place"] = {"latitude": place["latitude"], "longitude": place.get("longitude", 0)}
    if line.type == "template" and payload.get("shown"):
        shown["template"] = payload["shown"]
    if reactions := payload.get("reactions"):
        shown["reactions"] = list(reactions.values())
    if edited := payload.get("edited"):
        before = edited.get("before") or line.text
        shown |= {"before": before} if before != shown["text"] else {}
    shown |= contents(line)
    shown |= {mark: True for mark in ("edited", "forwarded") if payload.get(mark)}
    if payload.get("group_id"):
        shown["group"] = True
    return shown


def _mail(line: Line, address: str) -> dict[str, Any]:
    """Return what a mail has beside its text: who else wrote or gets it, and what it quotes."""
    mail = line.payload.get("mail")
    if not isinstance(mail, Mapping) or line.payload.get("revoked"):
        return {}
    writer = str(mail.get("from", ""))
    shown = {
        "from": writer if parseaddr(writer)[1] != address else "",
        "cc": ", ".join(map(str, mail.get("cc", ()))),
        "quoted": str(mail.get("quoted", "")),
        "cut": mail.get("cut") is True,
    }
    return {"mail": {name: part for name, part in shown.items() if part}}


def _text(line: Line) -> str:
    """Return the customer's own text; structured contents are shown separately."""
    if line.type == "order":
        return str((line.payload.get("order") or line.payload).get("text") or "")
    if line.text and line.text in (_file_name(line), *(file.filename for file in line.files)):
        return ""  # the file name is shown with the file
    return str((line.payload.get("edited") or {}).get("text") or line.text)


def _file_name(line: Line) -> str:
    """Return the file name given by the message; the stored name is sanitized."""
    payload = line.payload.get("media") or line.payload
    return as_text(line.type, {"filename": payload.get("filename")}) if isinstance(payload, Mapping) else ""


def _event(line: Line, words: Mapping[str, str]) -> str:
    """Return the text of a conversation event."""
    event = str(line.payload.get("event", ""))
    reason = str(line.payload.get("reason", ""))
    template = words.get(f"event.{_variant(event, line.payload)}", event.replace("_", " "))
    who = line.author or words["event.somebody"]
    values = {"who": who, "reason": words.get(f"reason.{reason}", reason.replace("_", " "))}
    about = {name: line.payload.get(name, "") for name in ("score", "to", "owner", "team")}
    return template.format_map({**values, **about})


def _variant(event: str, payload: Mapping[str, Any]) -> str:
    """Return the event's text key: assigned to another, to oneself or to nobody, unsnoozed by a person."""
    match event:
        case "assigned" if "owner" in payload:
            own = payload.get("by") == f"agent:{payload.get('to')}"
            return "assigned_self" if own else "assigned_to" if payload["owner"] else "assigned_nobody"
        case "team_changed" if "team" in payload:
            return "team_to" if payload["team"] else "team_nobody"
        case "woken" if payload.get("by"):
            return "woken_by"
    return event


def _about(payload: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    """Return the assignee of a hand-off and its summary, from the model or the customer's messages."""
    owner = [words["event.owner"].format(owner=payload["owner"])] if payload.get("owner") else []
    if payload.get("words"):
        return [*owner, str(payload["words"])]
    return owner + [words[f"event.{part}"].format_map(payload) for part in ("asked", "tried") if payload.get(part)]


def _trouble(status: str, error: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    """Return why a message was not sent, and what to do."""
    cause = error.get("cause")
    advice = words.get(f"{status}.{cause}") or words.get(f"cause.{cause}") or str(error.get("advice", ""))
    title, code = error.get("title") or "", error.get("code") or ""
    own = words.get(f"network.{code}")  # no answer of the provider, which would be shown as it is
    provider = own or (f"{title} ({code})" if title and code else str(title or code))
    return {
        "what": words[f"trouble.{status}"],
        "advice": advice,
        "provider": provider,
        "cause": str(cause or ""),
    }
