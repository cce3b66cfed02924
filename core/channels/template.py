"""Template messages: Meta's by name, language and parameters; Twilio's by content sid and variables."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from core.channels.parts import File, NamedFile, Part


class _Parameter(Part):
    parameter_name: str | None = None  # for templates whose variables are named, not numbered


class TextParameter(_Parameter):
    type: Literal["text"]
    text: str


class Currency(Part):
    fallback_value: str
    code: str = Field(pattern=r"^[A-Z]{3}$")
    amount_1000: int


class CurrencyParameter(_Parameter):
    type: Literal["currency"]
    currency: Currency


class DateTime(Part):
    fallback_value: str


class DateTimeParameter(_Parameter):
    type: Literal["date_time"]
    date_time: DateTime


class ImageParameter(_Parameter):
    type: Literal["image"]
    image: File


class VideoParameter(_Parameter):
    type: Literal["video"]
    video: File


class DocumentParameter(_Parameter):
    type: Literal["document"]
    document: NamedFile


class PayloadParameter(Part):
    type: Literal["payload"]
    payload: str


class CouponParameter(Part):
    type: Literal["coupon_code"]
    coupon_code: str


class ActionParameter(Part):
    type: Literal["action"]
    action: dict[str, Any]


Parameter = Annotated[
    TextParameter | CurrencyParameter | DateTimeParameter | ImageParameter | VideoParameter | DocumentParameter,
    Field(discriminator="type"),
]
ButtonParameter = Annotated[
    TextParameter | PayloadParameter | CouponParameter | ActionParameter, Field(discriminator="type")
]


class HeaderComponent(Part):
    type: Literal["header"]
    parameters: list[Parameter]


class BodyComponent(Part):
    type: Literal["body"]
    parameters: list[Parameter]


class ButtonComponent(Part):
    type: Literal["button"]
    sub_type: Literal["quick_reply", "url", "copy_code", "flow"]
    index: int = Field(ge=0, le=9)
    parameters: list[ButtonParameter]


Component = Annotated[HeaderComponent | BodyComponent | ButtonComponent, Field(discriminator="type")]


class Template(Part):
    name: str | None = Field(default=None, min_length=1, max_length=512)
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(_[A-Za-z]{2,4})?$")
    components: list[Component] = Field(default_factory=list)
    content_sid: str | None = Field(default=None, pattern=r"^HX[0-9a-fA-F]{32}$")
    variables: dict[str, str] = Field(default_factory=dict)

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
