"""List the templates of a WhatsApp business account (Graph API, WhatsApp Business Account, Message templates)."""

from __future__ import annotations

from collections.abc import Iterator

from core.channels.http import NO_ANSWER
from core.channels.json_values import items, mapping, text
from core.channels.templates.template import Template, read_template
from core.channels.types import ProviderError, SendError
from core.channels.whatsapp_cloud.graph_api import Graph

_FIELDS = "id,name,language,status,category,quality_score,rejected_reason,parameter_format,components"
_PAGE = 100
_MOST_PAGES = 100  # Meta allows 6,000 templates; more pages than this is a loop


def list_templates(graph: Graph, waba_id: str) -> Iterator[Template]:
    """Yield every template of a WhatsApp business account. Raises `SendError`."""
    after = ""
    for _ in range(_MOST_PAGES):
        params = {"fields": _FIELDS, "limit": str(_PAGE)} | ({"after": after} if after else {})
        page = graph.call("GET", f"{waba_id}/message_templates", params=params)
        for item in items(page, "data"):
            yield read_template(mapping(item))
        paging = mapping(page.get("paging"))
        after = text(mapping(paging.get("cursors")).get("after")) if paging.get("next") else ""
        if not after:
            return
    raise SendError(ProviderError("paging", "The list of templates does not end"), NO_ANSWER)
