"""Template messages: Meta's by name, language and components; Twilio's by content sid and variables.

Meta documents the parts below (Cloud API reference, Messages, Template object; Authentication, Carousel, Catalog,
Limited-time offer, Multi-product, Flow, Call and Order details templates). A component or parameter of a type that is
not among them is passed on as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from core.channels.content.documented import any_of, other_than
from core.channels.content.parts import Kind, Open, OrText, Part, Words
from core.channels.content.template_parameters import (
    HEADERS,
    PARAMETERS,
    VARIABLES,
    Parameter,
    Parameters,
    Value,
    kind_of,
)
from core.platform.faults import Form

MOST_CARDS = 10
_MOST_COMPONENTS = 30
_LANGUAGE = r"^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$"


def _locale(code: str) -> str:
    """Normalise a locale to the form of templates: Meta's webhooks also write a hyphen (`en-US`)."""
    language, _, region = code.replace("-", "_").partition("_")
    return language.lower() + (f"_{region.upper()}" if region else "")


Language = Annotated[str, Form(_LANGUAGE, "must be a language like es or pt_BR"), AfterValidator(_locale)]
ContentSid = Annotated[str, Form(r"^HX[0-9a-fA-F]{32}$", "must be HX and 32 digits or letters from a to f")]


_BUTTONS: Mapping[str, frozenset[str]] = {
    "url": frozenset(("text",)),
    "quick_reply": frozenset(("payload", "text")),
    "copy_code": frozenset(("coupon_code", "text")),
    "flow": frozenset(("action",)),
    "catalog": frozenset(("action",)),
    "mpm": frozenset(("action",)),
    "order_details": frozenset(("action",)),
    "voice_call": frozenset(("ttl_minutes", "payload")),
}


def _takes(kinds: frozenset[str]) -> dict[str, Any]:
    """Document what `_only` checks."""
    return {
        "properties": {"parameters": {"items": {"properties": {"type": {"not": {"enum": sorted(PARAMETERS - kinds)}}}}}}
    }


def _only(parameters: list[Any], fit: frozenset[str], part: str) -> None:
    for parameter in parameters:
        if parameter.type in PARAMETERS - fit:
            raise ValueError(f"{part} takes {', '.join(sorted(fit))}, not {parameter.type}")


class HeaderComponent(Part):
    model_config = ConfigDict(json_schema_extra={"allOf": [_takes(HEADERS)]})

    type: Literal["header"]
    parameters: Annotated[list[Parameter], Field(max_length=1)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        _only(self.parameters, HEADERS, "a header")
        return self


class BodyComponent(Part):
    model_config = ConfigDict(json_schema_extra={"allOf": [_takes(VARIABLES)]})

    type: Literal["body"]
    parameters: Parameters = Field(default_factory=list)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        _only(self.parameters, VARIABLES, "a body")
        return self


def _sub_type(name: str) -> dict[str, Any]:
    return {"sub_type": {"pattern": f"^{''.join(f'[{c.upper()}{c}]' if c.isalpha() else c for c in name)}$"}}


_INDEX = {"required": ["index"], "properties": {"index": {"not": {"type": "null"}}}}
_BUTTON_RULES: list[Any] = [
    {"anyOf": [_INDEX, {"properties": _sub_type("voice_call")}]},
    *({"if": {"properties": _sub_type(name)}, "then": _takes(kinds)} for name, kinds in _BUTTONS.items()),
]


class ButtonComponent(Part):
    """`sub_type` is url, quick_reply, copy_code, flow, catalog, mpm, voice_call, order_details, or a newer one."""

    model_config = ConfigDict(json_schema_extra={"allOf": _BUTTON_RULES})

    type: Literal["button"]
    sub_type: Annotated[str, Form(r"^[A-Za-z_]{1,64}$", "must be a button's type, such as url or quick_reply")]
    index: Annotated[int, Field(strict=True, ge=0, le=9), OrText(r"^[0-9]$")] | None = None
    parameters: Parameters = Field(default_factory=list)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if (fit := _BUTTONS.get(self.sub_type.lower())) is not None:
            _only(self.parameters, fit, f"a button of type {self.sub_type}")
        if self.index is None and self.sub_type.lower() != "voice_call":
            raise ValueError("needs index: the button's place, from 0")
        return self


class LimitedTimeOfferComponent(Part):
    type: Literal["limited_time_offer"]
    parameters: Parameters = Field(default_factory=list)


_OF_CARDS = frozenset(("header", "body", "button"))
_COMPONENTS = _OF_CARDS | {"limited_time_offer", "carousel"}


class OtherComponent(Open):
    type: Annotated[Kind, other_than(_COMPONENTS)]


class OtherCardComponent(Open):
    type: Annotated[Kind, other_than(_OF_CARDS)]


CardComponent = Annotated[
    Annotated[HeaderComponent, Tag("header")]
    | Annotated[BodyComponent, Tag("body")]
    | Annotated[ButtonComponent, Tag("button")]
    | Annotated[OtherCardComponent, Tag("other")],
    Discriminator(lambda value: kind_of(value, _OF_CARDS)),
]


class Card(Part):
    card_index: Annotated[int, Field(strict=True, ge=0, lt=MOST_CARDS), OrText(r"^[0-9]$")]
    components: list[CardComponent] = Field(max_length=_MOST_COMPONENTS)


class CarouselComponent(Part):
    type: Literal["carousel"]
    cards: list[Card] = Field(min_length=1, max_length=MOST_CARDS)


Component = Annotated[
    Annotated[HeaderComponent, Tag("header")]
    | Annotated[BodyComponent, Tag("body")]
    | Annotated[ButtonComponent, Tag("button")]
    | Annotated[LimitedTimeOfferComponent, Tag("limited_time_offer")]
    | Annotated[CarouselComponent, Tag("carousel")]
    | Annotated[OtherComponent, Tag("other")],
    Discriminator(lambda value: kind_of(value, _COMPONENTS)),
]


def _lowered(node: Any) -> Any:
    """Lower-case the types of components, cards and parameters; definitions write them in capitals."""
    if isinstance(node, list):
        return [_lowered(item) for item in node]
    if not isinstance(node, dict):
        return node
    inside = {key: _lowered(node[key]) for key in ("components", "cards", "parameters") if key in node}
    kind = {"type": node["type"].lower()} if isinstance(node.get("type"), str) else {}
    return {**node, **inside, **kind}


class Template(Part):
    model_config = ConfigDict(
        json_schema_extra=any_of(
            {
                "required": ["name", "language"],
                "properties": {
                    "name": {"type": "string"},
                    "language": {"type": "string"},
                    "content_sid": {"type": "null"},
                    "variables": {"maxProperties": 0},
                },
            },
            {
                "required": ["content_sid"],
                "properties": {
                    "content_sid": {"type": "string"},
                    "name": {"type": "null"},
                    "language": {"type": "null"},
                    "components": {"maxItems": 0},
                },
            },
        )
    )

    name: Annotated[Words, Field(max_length=512)] | None = None
    language: Language | None = Field(default=None, examples=["es", "pt_BR"])
    components: Annotated[list[Component], BeforeValidator(_lowered), Field(max_length=_MOST_COMPONENTS)] = Field(
        default_factory=list
    )
    content_sid: (
        Annotated[str, Form(r"^HX[0-9a-fA-F]{32}$", "must be HX and 32 digits or letters from a to f")] | None
    ) = None
    variables: dict[str, Value] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_provider(self) -> Self:
        if self.content_sid is None:
            if self.name is None or self.language is None:
                raise ValueError("give name and language, or content_sid")
            if self.variables:
                raise ValueError("variables belong to content_sid; a named template takes components")
        elif self.name is not None or self.language is not None or self.components:
            raise ValueError("give either name, language and components, or content_sid and variables")
        return self
