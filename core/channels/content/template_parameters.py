"""Parameters of template components: values of variables, headers and buttons."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from core.channels.content.documented import other_than
from core.channels.content.parts import (
    LARGEST_ID,
    File,
    FreeObject,
    Kind,
    NamedFile,
    Open,
    OrText,
    Part,
    Place,
    Text,
    Words,
)
from core.platform.faults import Form

_MOST_PARAMETERS = 100
_MINUTES = r"^(?:[1-9][0-9]{0,3}|[1-3][0-9]{4}|4[0-2][0-9]{3}|43[01][0-9]{2}|43200)$"
# Meta refuses others (error 132018): "Param text cannot have new-line/tab characters or more than 4 spaces".
_FIT = Form(
    r"^(?!.*[ ]{5})[^\n\r\t\x00]*[^\s\x00-\x20\x85\xa0\ufeff][^\n\r\t\x00]*$",
    "needs a value without line breaks, tabs and more than four spaces in a row: templates take no others",
)
Value = Annotated[str, _FIT]


class _Parameter(Part):
    parameter_name: Text | None = None  # for templates whose variables are named, not numbered


class TextParameter(_Parameter):
    type: Literal["text"]
    text: Value


class Currency(Part):
    fallback_value: Value
    code: Annotated[str, Form(r"^[A-Z]{3}$", "must be a currency's three capital letters, such as EUR")]
    amount_1000: Annotated[int, Field(strict=True, ge=-LARGEST_ID, le=LARGEST_ID), OrText(r"^-?[0-9]{1,18}$")]


class CurrencyParameter(_Parameter):
    type: Literal["currency"]
    currency: Currency


class DateTime(Open):
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
    action: FreeObject


class MinutesParameter(Part):
    """Duration of a call button in minutes."""

    type: Literal["ttl_minutes"]
    ttl_minutes: Annotated[int, Field(strict=True, ge=1, le=43200), OrText(_MINUTES)]


class Expiration(Part):
    expiration_time_ms: Annotated[int, Field(strict=True, ge=0, le=LARGEST_ID), OrText(r"^[0-9]{1,18}$")]


class ExpirationParameter(Part):
    type: Literal["limited_time_offer"]
    limited_time_offer: Expiration


VARIABLES = frozenset(("text", "currency", "date_time"))
HEADERS = VARIABLES | {"image", "video", "gif", "document", "location", "product"}
PARAMETERS = HEADERS | {"payload", "coupon_code", "action", "ttl_minutes", "limited_time_offer"}


class OtherParameter(Open):
    type: Annotated[Kind, other_than(PARAMETERS)]


def kind_of(value: Any, known: frozenset[str]) -> str:
    """Return the type of a part, raw or parsed, if it is a known one; otherwise "other"."""
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
    Discriminator(lambda value: kind_of(value, PARAMETERS)),
]
Parameters = Annotated[list[Parameter], Field(max_length=_MOST_PARAMETERS)]
