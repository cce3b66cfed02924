"""Parts of outgoing contents."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from core.platform.faults import NO_NUL, Form

LARGEST_ID = 2**63 - 1  # of a Postgres bigint


def whole(value: Any) -> Any:
    """Convert an integral float to int: 7.0 is the integer 7 (JSON Schema, "integer")."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Text = Annotated[str, NO_NUL]
Words = Annotated[str, Field(min_length=1), NO_NUL]
Kind = Annotated[str, Form(r"^[a-z_]{1,64}$", "must be a type's name in small letters, such as flow")]
Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID), BeforeValidator(whole)]
WebLink = Annotated[
    str,
    Field(max_length=2048),
    Form(r"^https?://[^\s\x00-\x20\x7f-\xa0]+$", "must be a web address that begins with https:// or http://"),
]


class File(Part):
    """A file by public URL, by the provider's media id, or by the id of a stored file."""

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
    voice: bool | None = None


class Place(Part):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
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
