"""Twilio's content templates, converted to Meta's format (Twilio, Content API, "ContentAndApprovals resource" v1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.channels.http import READ_SECONDS
from core.channels.json_values import items, mapping, text
from core.channels.templates.slots import CONTENT
from core.channels.templates.template import Template, read_template
from core.channels.twilio.account import read
from core.channels.types import Account

_PAGE = 100
_MOST_PAGES = 60


def list_content(account: Account, *, read_timeout: float = READ_SECONDS) -> Iterator[Template]:
    """Yield every content template of an account. Raises `SendError`.

    Twilio allows duplicate names: a second one of a name and language gets the end of its sid.
    """
    seen: set[tuple[str, str]] = set()
    address = account.api_url.rstrip("/").replace("://api.twilio.com", "://content.twilio.com")
    for page in range(_MOST_PAGES):
        response = read(account, f"{address}/v1/ContentAndApprovals", {"PageSize": _PAGE, "Page": page}, read_timeout)
        for item in map(mapping, items(response, "contents")):
            template = _as_meta(item)
            if (template["name"], template["language"]) in seen:
                template["name"] += f" {text(item.get('sid'))[-4:]}"
            seen.add((template["name"], template["language"]))
            yield read_template(template)
        if not mapping(response.get("meta")).get("next_page_url"):
            return


def _as_meta(item: Mapping[str, Any]) -> dict[str, Any]:
    approval = mapping(item.get("approval_requests"))
    approval = mapping(approval.get("whatsapp")) or approval
    sid = text(item.get("sid"))
    return {
        "name": text(item.get("friendly_name")) or text(approval.get("name")) or sid,
        "language": text(item.get("language")),
        "status": text(approval.get("status")) or "unsubmitted",
        "category": text(approval.get("category")),
        "rejected_reason": text(approval.get("rejection_reason")),
        "components": [
            {"type": CONTENT, "sid": sid, "variables": mapping(item.get("variables"))},
            *_parts(_richest(mapping(item.get("types")))),
        ],
    }


def _richest(types: Mapping[str, Any]) -> dict[str, Any]:
    """Return the richest form of a template, which Twilio sends where supported; plain text is the last."""
    plainest_last = sorted(types, key=lambda kind: (kind == "twilio/text", kind))
    return mapping(types[plainest_last[0]]) if plainest_last else {}


def _parts(form: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    words = [text(form.get(key)) for key in ("title", "body")]
    yield {"type": "BODY", "text": "\n".join(filter(None, words))}
    if footer := text(form.get("footer")) or text(form.get("subtitle")):
        yield {"type": "FOOTER", "text": footer}
    if pressed := [text(mapping(one).get("title")) for one in items(dict(form), "actions")]:
        yield {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": title} for title in pressed]}
