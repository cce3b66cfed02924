"""Template messages: Meta's by name, language and components; Twilio's by content sid and variables.

Meta documents the parts below (Cloud API reference, Messages, Template object; Authentication, Carousel, Catalog,
Limited-time offer, Multi-product, Flow, Call and Order details templates). A component or parameter of a type that is
not among them is passed on as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from core.channels.content.parts import LARGEST_ID, File, Kind, NamedFile, Part, Place, Text, Words
from core.platform.faults import Form

MOST_CARDS = 10
_MOST_COMPONENTS = 30
_MOST_PARAMETERS = 100
_LANGUAGE = r"^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$"
# Meta refuses others (error 132018): "Param text cannot have new-line/tab characters or more than 4 spaces".
_FIT = Form(
    r"^(?!.*[ ]{5})[^\n\r\t\x00]*[^\s\x00-\x20\x85\xa0\ufeff][^\n\r\t\x00]*$",
    "needs a value without line breaks, tabs and more than four spaces in a row: templates take no others",
)


def _locale(code: str) -> str:
    """Normalise a locale to the form of templates: Meta's webhooks also write a hyphen (`en-US`)."""
    language, _, region = code.replace("-", "_").partition("_")
    return language.lower() + (f"_{region.upper()}" if region else "")


Value = Annotated[str, _FIT]
Language = Annotated[str, Form(_LANGUAGE, "must be a language like es or pt_BR"), AfterValidator(_locale)]
ContentSid = Annotated[str, Form(r"^HX[0-9a-fA-F]{32}$", "must be HX and 32 digits or letters from a to f")]


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Parameter(Part):
    parameter_name: Text | None = None  # for templates whose variables are named, not numbered


class TextParameter(_Parameter):
    type: Literal["text"]
    text: Value


class Currency(Part):
    fallback_value: Value
    code: Annotated[str, Form(r"^[A-Z]{3}$", "must be a currency's three capital letters, such as EUR")]
    amount_1000: int = Field(ge=-LARGEST_ID, le=LARGEST_ID)


class CurrencyParameter(_Parameter):
    type: Literal["currency"]
    currency: Currency


class DateTime(_Open):
    """A date and time. Meta's additional keys (`day_of_week`, `calendar` …) are passed on."""

    fallback_value: Value


class DateTimeParameter(_Parameter):
    type: Literal["date_time"]
    date_time: DateTime


class ImageParameter(_Parameter):
    type: Literal["image"]
    image: File


class VideoParameter(_Parameter):
    type: Literal["video"]
    video: File


class GifParameter(_Parameter):
    type: Literal["gif"]
    gif: File


class DocumentParameter(_Parameter):
    type: Literal["document"]
    document: NamedFile


class LocationParameter(_Parameter):
    type: Literal["location"]
    location: Place


class ProductOf(Part):
    product_retailer_id: Words
    catalog_id: Words


class ProductParameter(_Parameter):
    type: Literal["product"]
    product: ProductOf


class PayloadParameter(Part):
    type: Literal["payload"]
    payload: Annotated[Text, Field(max_length=512)]


class CouponParameter(Part):
    type: Literal["coupon_code"]
    coupon_code: Annotated[Value, Field(max_length=20)]


class ActionParameter(Part):
    """Parameter of a flow, catalogue, multi-product or order button."""

    type: Literal["action"]
    action: dict[str, Any]


class MinutesParameter(Part):
    """Duration of a call button in minutes."""

    type: Literal["ttl_minutes"]
    ttl_minutes: int = Field(ge=1, le=43200)


class Expiration(Part):
    expiration_time_ms: int = Field(ge=0, le=LARGEST_ID)


class ExpirationParameter(Part):
    type: Literal["limited_time_offer"]
    limited_time_offer: Expiration


class OtherParameter(_Open):
    type: Kind


_VARIABLES = frozenset(("text", "currency", "date_time"))
_HEADERS = _VARIABLES | {"image", "video", "gif", "document", "location", "product"}
_PARAMETERS = _HEADERS | {"payload", "coupon_code", "action", "ttl_minutes", "limited_time_offer"}


def _kind(value: Any, known: frozenset[str]) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if isinstance(kind, str) and kind in known else "other"


Parameter = Annotated[
    Annotated[TextParameter, Tag("text")]
    | Annotated[CurrencyParameter, Tag("currency")]
    | Annotated[DateTimeParameter, Tag("date_time")]
    | Annotated[ImageParameter, Tag("image")]
    | Annotated[VideoParameter, Tag("video")]
    | Annotated[GifParameter, Tag("gif")]
    | Annotated[DocumentParameter, Tag("document")]
    | Annotated[LocationParameter, Tag("location")]
    | Annotated[ProductParameter, Tag("product")]
    | Annotated[PayloadParameter, Tag("payload")]
    | Annotated[CouponParameter, Tag("coupon_code")]
    | Annotated[ActionParameter, Tag("action")]
    | Annotated[MinutesParameter, Tag("ttl_minutes")]
    | Annotated[ExpirationParameter, Tag("limited_time_offer")]
    | Annotated[OtherParameter, Tag("other")],
    Discriminator(lambda value: _kind(value, _PARAMETERS)),
]
Parameters = Annotated[list[Parameter], Field(max_length=_MOST_PARAMETERS)]

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


def _only(parameters: list[Any], fit: frozenset[str], part: str) -> None:
    for parameter in parameters:
        if parameter.type in _PARAMETERS - fit:
            raise ValueError(f"{part} takes {', '.join(sorted(fit))}, not {parameter.type}")


class HeaderComponent(Part):
    type: Literal["header"]
    parameters: Annotated[list[Parameter], Field(max_length=1)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        _only(self.parameters, _HEADERS, "a header")
        return self


class BodyComponent(Part):
    type: Literal["body"]
    parameters: Parameters = Field(default_factory=list)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        _only(self.parameters, _VARIABLES, "a body")
        return self


class ButtonComponent(Part):
    """`sub_type` is url, quick_reply, copy_code, flow, catalog, mpm, voice_call, order_details, or a newer one."""

    type: Literal["button"]
    sub_type: Annotated[str, Form(r"^[A-Za-z_]{1,64}$", "must be a button's type, such as url or quick_reply")]
    index: int | None = Field(default=None, ge=0, le=9)
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


class OtherComponent(_Open):
    type: Kind


_OF_CARDS = frozenset(("header", "body", "button"))
_COMPONENTS = _OF_CARDS | {"limited_time_offer", "carousel"}

CardComponent = Annotated[
    Annotated[HeaderComponent, Tag("header")]
    | Annotated[BodyComponent, Tag("body")]
    | Annotated[ButtonComponent, Tag("button")]
    | Annotated[OtherComponent, Tag("other")],
    Discriminator(lambda value: _kind(value, _OF_CARDS)),
]


class Card(Part):
    card_index: int = Field(ge=0, lt=MOST_CARDS)
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
    Discriminator(lambda value: _kind(value, _COMPONENTS)),
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
