"""Interactive messages in Meta's shape: reply buttons, lists and a link button checked, other kinds passed on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from core.channels.content.documented import other_than
from core.channels.content.parts import File, Kind, NamedFile, Open, Part, Text, WebLink, Words


class TextPart(Part):
    text: Words


class TextHeader(Part):
    type: Literal["text"]
    text: Words


class ImageHeader(Part):
    type: Literal["image"]
    image: File


class VideoHeader(Part):
    type: Literal["video"]
    video: File


class DocumentHeader(Part):
    type: Literal["document"]
    document: NamedFile


Header = Annotated[TextHeader | ImageHeader | VideoHeader | DocumentHeader, Field(discriminator="type")]


class Reply(Part):
    id: Words
    title: Words


class ReplyButton(Part):
    type: Literal["reply"] = "reply"
    reply: Reply


class ButtonAction(Part):
    buttons: list[ReplyButton] = Field(min_length=1)


class ButtonInteractive(Part):
    type: Literal["button"]
    header: Header | None = None
    body: TextPart
    footer: TextPart | None = None
    action: ButtonAction


class Row(Part):
    id: Words
    title: Words
    description: Text | None = None


class Section(Part):
    title: Text | None = None
    rows: list[Row] = Field(min_length=1)


class ListAction(Part):
    button: Words
    sections: list[Section] = Field(min_length=1)


class ListInteractive(Part):
    type: Literal["list"]
    header: TextHeader | None = None
    body: TextPart
    footer: TextPart | None = None
    action: ListAction


class LinkParameters(Part):
    display_text: Words
    url: WebLink


class LinkAction(Part):
    name: Literal["cta_url"] = "cta_url"
    parameters: LinkParameters


class LinkInteractive(Part):
    type: Literal["cta_url"]
    header: Header | None = None
    body: TextPart
    footer: TextPart | None = None
    action: LinkAction


_CHECKED = frozenset({"button", "list", "cta_url"})


class OtherInteractive(Open):
    """A kind that is passed on unchecked (flow, location_request_message, product_list, carousel …)."""

    type: Annotated[Kind, other_than(_CHECKED)]


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if isinstance(kind, str) and kind in _CHECKED else "other"


Interactive = Annotated[
    Annotated[ButtonInteractive, Tag("button")]
    | Annotated[ListInteractive, Tag("list")]
    | Annotated[LinkInteractive, Tag("cta_url")]
    | Annotated[OtherInteractive, Tag("other")],
    Discriminator(_kind),
]
