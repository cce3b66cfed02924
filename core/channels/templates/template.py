"""Message templates, in Meta's form whoever the provider is (Graph API, WhatsApp Business Account, Templates)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.channels.json_values import items, mapping, text
from core.channels.templates.slots import VARIABLE, buttons, cards, variables


@dataclass(frozen=True, slots=True)
class Template:
    """A template at its provider. Variables are their names in order: "1", "2" … or words.

    `header` is none, text, image, video, document or location; `button_variables` maps a button's index to its
    variables; `components` is Meta's full definition, for the preview.
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


def read_template(item: Mapping[str, Any]) -> Template:
    """Parse a template from Meta's JSON, with any part missing."""
    components = tuple(part for part in items(dict(item), "components") if isinstance(part, dict))
    by_type = {text(part.get("type")).upper(): part for part in components}
    header, body = by_type.get("HEADER", {}), text(by_type.get("BODY", {}).get("text"))
    pressed = enumerate(items(by_type.get("BUTTONS", {}), "buttons"))
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
            index: found for index, button in pressed if (found := variables(text(mapping(button).get("url"))))
        },
        components=components,
    )


@dataclass(frozen=True, slots=True)
class Rendering:
    """A template with its variables filled in. `media` is the header's kind, where it is a file or a location."""

    header: str
    media: str
    body: str
    footer: str
    buttons: tuple[str, ...]
    cards: tuple[Rendering, ...] = ()


def render(template: Template, components: Iterable[Mapping[str, Any]]) -> Rendering:
    """Return what the customer sees. A variable without a value stays unfilled."""
    return _rendered(template.components, list(components))


def _rendered(defined: Iterable[Mapping[str, Any]], given: list[Mapping[str, Any]]) -> Rendering:
    values = {text(part.get("type")): _values(part.get("parameters")) for part in given}
    by_type = {text(part.get("type")).upper(): part for part in defined}
    header, body = by_type.get("HEADER", {}), text(by_type.get("BODY", {}).get("text"))
    kind = (text(header.get("format")) or "text").lower()
    words = text(header.get("text"))
    return Rendering(
        header=_filled(words, variables(words), values.get("header", {})) or _place(given),
        media="" if kind == "text" else kind,
        body=_filled(body, variables(body), values.get("body", {})),
        footer=text(by_type.get("FOOTER", {}).get("text")),
        buttons=tuple(text(button.get("text")) for button in buttons(by_type.values())),
        cards=tuple(_cards(by_type.get("CAROUSEL", {}), given)),
    )


def _place(given: Iterable[Mapping[str, Any]]) -> str:
    """Return the name and address of a location header."""
    for part in given:
        for parameter in part.get("parameters") or [] if part.get("type") == "header" else []:
            place = mapping(parameter.get("location"))
            return ", ".join(filter(None, (text(place.get("name")), text(place.get("address")))))
    return ""


def _cards(carousel: Mapping[str, Any], given: Iterable[Mapping[str, Any]]) -> Iterator[Rendering]:
    known = cards(carousel)
    for part in given:
        for card in part.get("cards") or [] if known and part.get("type") == "carousel" else []:
            number = card["card_index"]
            yield _rendered(known[number] if number < len(known) else known[0], card["components"])


def _values(parameters: Any) -> dict[str, str]:
    """Return the values by name, and by position for those without one."""
    found = {}
    for position, parameter in enumerate(parameters if isinstance(parameters, list) else [], start=1):
        kind = text(parameter.get("type"))
        words = parameter.get("text") if kind == "text" else mapping(parameter.get(kind)).get("fallback_value")
        found[text(parameter.get("parameter_name")) or str(position)] = text(words)
    return found


def _filled(words: str, names: tuple[str, ...], values: Mapping[str, str]) -> str:
    by_name = {name: values.get(name, values.get(str(place))) for place, name in enumerate(names, start=1)}
    return VARIABLE.sub(lambda found: by_name.get(found[1]) or found[0], words)
