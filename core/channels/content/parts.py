"""Parts of outgoing contents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypeAliasType

from core.channels.content.documented import any_of, given
from core.platform.faults import NO_NUL, Form

LARGEST_ID = 2**63 - 1  # of a Postgres bigint


def whole(value: Any) -> Any:
    """Convert an integral float to int: 7.0 is the integer 7 (JSON Schema, "integer")."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class OrText:
    """Accepts a number also as a text of this form, as Meta's examples write many."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": self.pattern}]}

    def _read(self, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(self.pattern.strip("^$"), value):
            return float(value) if "." in value else int(value)
        return whole(value)


Text = Annotated[str, NO_NUL]
Words = Annotated[str, Field(min_length=1), NO_NUL]
Kind = Annotated[str, Form(r"^[a-z_]{1,64}$", "must be a type's name in small letters, such as flow")]
Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID), BeforeValidator(whole)]
Flag = Annotated[bool, Field(strict=True)]
WebLink = Annotated[
    str,
    Field(max_length=2048),
    Form(r"^https?://[^\s\x00-\x20\x7f-\xa0]+$", "must be a web address that begins with https:// or http://"),
]


_NAMES: dict[str, Any] = {"propertyNames": {"pattern": NO_NUL.pattern}}
# Any JSON that the database can store; its objects are `FreeObject`.
Free = TypeAliasType("Free", "Text | bool | int | float | list[Free] | FreeObject | None")
FreeObject = Annotated[dict[str, Free], Field(json_schema_extra=_NAMES)]


class Open(BaseModel):
    """A part whose further members are passed on as they are."""

    model_config = ConfigDict(extra="allow", frozen=True, json_schema_extra=_NAMES)

    __pydantic_extra__: dict[str, Free]


class File(Part):
    """A file by public URL, by the provider's media id, or by the id of a stored file."""

    model_config = ConfigDict(
        json_schema_extra=any_of(
            given("link", "string", "id", "attachment_id"),
            given("id", "string", "link", "attachment_id"),
            given("attachment_id", "integer", "link", "id"),
        )
    )

    link: WebLink | None = None
    id: Words | None = None
    attachment_id: Id | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.link, self.id, self.attachment_id)) != 1:
            raise ValueError("give exactly one of link, id and attachment_id")
        return self


class NamedFile(File):
    filename: Words | None = None


class Attachment(NamedFile):
    """A media part. `voice`: audio is sent as a voice note (Cloud API reference, Audio messages)."""

    caption: Text | None = None
    voice: Flag | None = None


class Place(Part):
    latitude: Annotated[
        float, Field(strict=True, ge=-90, le=90), OrText(r"^-?(?:90(?:\.0+)?|[0-8]?[0-9](?:\.[0-9]+)?)$")
    ]
    longitude: Annotated[
        float,
        Field(strict=True, ge=-180, le=180),
        OrText(r"^-?(?:180(?:\.0+)?|(?:1[0-7])?[0-9](?:\.[0-9]+)?|[0-9]{2}(?:\.[0-9]+)?)$"),
    ]
    name: Text | None = None
    address: Text | None = None


class ContactName(Part):
    formatted_name: Words
    first_name: Text | None = None
    last_name: Text | None = None
    middle_name: Text | None = None
    suffix: Text | None = None
    prefix: Text | None = None


class ContactPhone(Part):
    phone: Words
    type: Text | None = None
    wa_id: Text | None = None


class ContactEmail(Part):
    email: Words
    type: Text | None = None


class ContactUrl(Part):
    url: Words
    type: Text | None = None


class ContactAddress(Part):
    street: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip: Text | None = None
    country: Text | None = None
    country_code: Text | None = None
    type: Text | None = None


class ContactOrganisation(Part):
    company: Text | None = None
    department: Text | None = None
    title: Text | None = None


class ContactCard(Part):
    name: ContactName
    phones: list[ContactPhone] = Field(default_factory=list)
    emails: list[ContactEmail] = Field(default_factory=list)
    urls: list[ContactUrl] = Field(default_factory=list)
    addresses: list[ContactAddress] = Field(default_factory=list)
    org: ContactOrganisation | None = None
    birthday: Annotated[str, Form(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "must be a day like 1990-12-31")] | None = None


ContactCards = Annotated[list[ContactCard], Field(min_length=1)]
