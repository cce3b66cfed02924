"""The parts that outgoing contents are made of."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


WebLink = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2048)]


class File(Part):
    """A file by public address, by the provider's media id, or by the number of a file that we keep."""

    link: WebLink | None = None
    id: str | None = Field(default=None, min_length=1)
    attachment_id: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.link, self.id, self.attachment_id)) != 1:
            raise ValueError("give exactly one of link, id and attachment_id")
        return self


class NamedFile(File):
    filename: str | None = Field(default=None, min_length=1)


class Attachment(NamedFile):
    """`voice`: a sound is sent as a voice note (Cloud API reference, Audio messages)."""

    caption: str | None = None
    voice: bool | None = None


class Place(Part):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str | None = None
    address: str | None = None


class ContactName(Part):
    formatted_name: str = Field(min_length=1)
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    suffix: str | None = None
    prefix: str | None = None


class ContactPhone(Part):
    phone: str = Field(min_length=1)
    type: str | None = None
    wa_id: str | None = None


class ContactEmail(Part):
    email: str = Field(min_length=1)
    type: str | None = None


class ContactUrl(Part):
    url: str = Field(min_length=1)
    type: str | None = None


class ContactAddress(Part):
    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    type: str | None = None


class ContactOrganisation(Part):
    company: str | None = None
    department: str | None = None
    title: str | None = None


class ContactCard(Part):
    name: ContactName
    phones: list[ContactPhone] = Field(default_factory=list)
    emails: list[ContactEmail] = Field(default_factory=list)
    urls: list[ContactUrl] = Field(default_factory=list)
    addresses: list[ContactAddress] = Field(default_factory=list)
    org: ContactOrganisation | None = None
    birthday: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
