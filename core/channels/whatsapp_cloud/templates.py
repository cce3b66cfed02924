"""The message templates of a WhatsApp business account (Graph API, WhatsApp Business Account, Message templates)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.channels.base import ProviderError, SendError
from core.channels.http import NO_ANSWER
from core.channels.whatsapp_cloud.graph import Graph
from core.channels.whatsapp_cloud.shapes import items, mapping, text
from core.channels.whatsapp_cloud.template_slots import VARIABLE, variables

_FIELDS = "id,name,language,status,category,quality_score,rejected_reason,parameter_format,components"
_PAGE = 100
_MOST_PAGES = 100  # Meta allows 6,000 templates; more pages than this is a loop


@dataclass(frozen=True, slots=True)
class Template:
    """A template as Meta has it. Variables are their names in order: "1", "2" … or words.

    `header` is none, text, image, video, document or location; `button_variables` maps a button's index to its
    variables; `components` is Meta's definition whole, for the preview.
    """

    id: str
    name: str
    language: str
    status: str
    category: str
    quality: str
    rejected_reason: str
    body: str
    header: str
    header_variables: tuple[str, ...]
    body_variables: tuple[str, ...]
    button_variables: Mapping[int, tuple[str, ...]]
    components: tuple[Mapping[str, Any], ...]


def list_templates(graph: Graph, waba_id: str) -> Iterator[Template]:
    """Every template of a WhatsApp business account. Raises `SendError`."""
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


def read_template(item: Mapping[str, Any]) -> Template:
    """A template from Meta's JSON, whatever of it is missing."""
    components = tuple(part for part in items(dict(item), "components") if isinstance(part, dict))
    by_type = {text(part.get("type")).upper(): part for part in components}
    header, body = by_type.get("HEADER", {}), text(by_type.get("BODY", {}).get("text"))
    buttons = enumerate(items(by_type.get("BUTTONS", {}), "buttons"))
    return Template(
        id=text(item.get("id")),
        name=text(item.get("name")),
        language=text(item.get("language")),
        status=text(item.get("status")).upper(),
        category=text(item.get("category")).upper(),
        quality=text(mapping(item.get("quality_score")).get("score")).upper(),
        rejected_reason=text(item.get("rejected_reason")).replace("NONE", ""),
        body=body,
        header=(text(header.get("format")) or "none").lower(),
        header_variables=variables(text(header.get("text"))),
        body_variables=variables(body),
        button_variables={
            index: found for index, button in buttons if (found := variables(text(mapping(button).get("url"))))
        },
        components=components,
    )


@dataclass(frozen=True, slots=True)
class Rendering:
    """A template with its variables filled in. `media` is what the header is, where it is a file or a place."""

    header: str
    media: str
    body: str
    footer: str
    buttons: tuple[str, ...]


def render(template: Template, components: Iterable[Mapping[str, Any]]) -> Rendering:
    """What the customer will see. A variable without a value stays as it is written."""
    given = {text(part.get("type")): _values(part.get("parameters")) for part in components}
    by_type = {text(part.get("type")).upper(): part for part in template.components}
    header = by_type.get("HEADER", {})
    return Rendering(
        header=_filled(text(header.get("text")), template.header_variables, given.get("header", {})),
        media="" if template.header in ("none", "text") else template.header,
        body=_filled(template.body, template.body_variables, given.get("body", {})),
        footer=text(by_type.get("FOOTER", {}).get("text")),
        buttons=tuple(text(mapping(one).get("text")) for one in items(dict(by_type.get("BUTTONS", {})), "buttons")),
    )


def _values(parameters: Any) -> dict[str, str]:
    """By name, and by position for those without one."""
    found = {}
    for position, parameter in enumerate(parameters if isinstance(parameters, list) else [], start=1):
        kind = text(parameter.get("type"))
        words = parameter.get("text") if kind == "text" else mapping(parameter.get(kind)).get("fallback_value")
        found[text(parameter.get("parameter_name")) or str(position)] = text(words)
    return found


def _filled(words: str, names: tuple[str, ...], values: Mapping[str, str]) -> str:
    by_name = {name: values.get(name, values.get(str(place))) for place, name in enumerate(names, start=1)}
    return VARIABLE.sub(lambda found: by_name.get(found[1]) or found[0], words)
