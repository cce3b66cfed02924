"""Request and response schemas; their docstrings appear in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from flask_openapi.models.file import FileStorage
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    computed_field,
)

from core.channels.content.interactive import Interactive
from core.channels.content.parts import LARGEST_ID, Attachment, ContactCards, Id, Place
from core.channels.content.parts import Words as PartWords
from core.channels.content.shapes import Reaction
from core.channels.content.template import Template
from core.channels.types import Kind
from core.models import ConversationStatus
from core.platform.faults import NO_NUL, Form
from core.reporting.api_stats import Period
from webhook_app.api import cursors
from webhook_app.api.message_schema import WHOLE_MESSAGE
from webhook_app.api.values import Documented, Handle, Moment, Reference, Words


class RequestModel(BaseModel):
    """Base of request bodies: unknown members are rejected."""

    model_config = ConfigDict(extra="forbid")


class SendMessage(RequestModel):
    """A message to `channel` and `to`, or to an existing `conversation_id` (given both, they must fit together).

    `type` may be left out where the content tells it. `from` picks one of several numbers of the business (WhatsApp
    Cloud: the phone number id). `reply_to` is a message's `id` or `provider_message_id`. The message appears in the
    thread as an agent's without a name; the bot goes on answering unless `take_over` is true. A text that is too long
    for the channel goes out in several messages (`parts`).
    """

    model_config = ConfigDict(json_schema_extra=WHOLE_MESSAGE)

    channel: Kind | None = None
    to: Words | None = Field(default=None, examples=["+5491155550001"])
    conversation_id: Id | None = None
    from_: Words | None = Field(default=None, alias="from")
    type: (
        Literal[
            "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "template",
            "interactive",
        ]
        | None
    ) = None  # fmt: skip
    text: Annotated[
        Any,
        WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1, "pattern": NO_NUL.pattern}, {"type": "null"}]}),
    ] = None
    preview_url: Annotated[Any, Documented(bool)] = None
    media: Annotated[Any, Documented(Attachment)] = None
    location: Annotated[Any, Documented(Place)] = None
    contacts: Annotated[Any, Documented(ContactCards)] = None
    reaction: Annotated[Any, Documented(Reaction)] = None
    template: Annotated[Any, Documented(Template)] = None
    interactive: Annotated[Any, Documented(Interactive)] = None
    reply_to: Reference | None = None
    send_at: Moment | None = None
    take_over: Annotated[bool, Field(strict=True)] = False

    def content(self) -> dict[str, Any]:
        """Return the members that make up the message."""
        names = ("type", "text", "preview_url", "media", "location", "contacts", "reaction", "template", "interactive")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


_KEY = "must be 1 to 200 visible ASCII characters without #"


class SendHeaders(BaseModel):
    idempotency_key: Annotated[str, Form(r'^[!"$-~]{1,200}$', _KEY)] | None = Field(
        default=None,
        alias="Idempotency-Key",
        description="Visible ASCII without #. The same key with the same message sends once; with another it is 422.",
    )


class ConversationPath(BaseModel):
    conversation_id: int = Field(ge=1, le=LARGEST_ID)


class MessagePath(BaseModel):
    message_id: int = Field(ge=1, le=LARGEST_ID)


class MediaPath(BaseModel):
    media_id: int = Field(ge=1, le=LARGEST_ID)


class Limited(BaseModel):
    limit: int = Field(default=50, ge=1, le=100)


class Paging(Limited):
    """Paging of a list ordered by time."""

    cursor: cursors.PositionCursor | None = Field(default=None, description="next_cursor of the page before")


class IdPaging(Limited):
    """Paging of a list ordered by id."""

    cursor: cursors.IdCursor | None = Field(default=None, description="next_cursor of the page before")


class ScheduledQuery(Paging):
    conversation_id: int | None = Field(
        default=None, ge=1, le=LARGEST_ID, description="only those of this conversation"
    )


class ConversationQuery(Paging):
    channel: Kind | None = None
    status: ConversationStatus | None = None
    assignee: Annotated[str, Form(r"^(none|[1-9][0-9]{0,17})$", "must be an agent's id, or none")] | None = Field(
        default=None, description="an agent's id, or none"
    )
    tag: Words | None = None
    q: Words | None = Field(
        default=None,
        description="beginnings of the customer's names, digits of their number, their id or username, and, with the "
        "scope messages:read, words said",
    )


class Assign(RequestModel):
    """`agent_id` null gives the conversation to nobody."""

    agent_id: Id | None


class Handoff(RequestModel):
    """`reason` is told to the team when a person is to answer."""

    to: Literal["human", "bot"]
    reason: Words | None = None


class StatsQuery(BaseModel):
    period: Period = Field(default=Period.TODAY, description="whole days with today: 1, 7 or 30")


class LegacySend(SendMessage):
    """As for /api/v1/messages, or in the older words: `message` is the text.

    `threadId` is a conversation's id; one that is no number, and `userId`, are taken and not used.
    """

    model_config = ConfigDict(json_schema_extra={})

    message: PartWords | None = None
    thread_id: Handle | None = Field(default=None, alias="threadId")
    user_id: Handle | None = Field(default=None, alias="userId")

    def as_message(self) -> SendMessage:
        """Return the same request in the current form."""
        values = self.model_dump(by_alias=True, exclude_unset=True, exclude={"message", "thread_id", "user_id"})
        if self.message is not None:
            values.setdefault("text", self.message)
        thread = str(self.thread_id or "")
        if thread.isascii() and thread.isdigit() and 0 < int(thread) <= LARGEST_ID:
            values.setdefault("conversation_id", int(thread))
        return SendMessage.model_validate(values)


class UploadForm(BaseModel):
    file: FileStorage = Field(json_schema_extra={"minLength": 1})


class ResponseModel(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ContactOut(ResponseModel):
    id: int
    name: str
    address: str


class ConversationOut(ResponseModel):
    """`assignee` is an agent's id.

    `window_expires_at` is null where free text was never possible or always is.
    `last_message_text` is empty for keys without the scope messages:read; the contact's name and address and the tags
    are for keys without conversations:read.
    """

    id: int
    channel: str
    channel_id: int
    status: str
    mode: str
    contact: ContactOut
    assignee: int | None
    tags: list[str]
    unread_count: int
    last_message_at: datetime
    last_message_text: str
    waiting_since: datetime | None
    handoff_reason: str | None
    window_expires_at: datetime | None
    created_at: datetime
    closed_at: datetime | None


class ConversationList(ResponseModel):
    items: list[ConversationOut]
    next_cursor: str | None


class FileOut(ResponseModel):
    """`state` is pending, stored or failed; `sha256` lower-case hex; `size` in bytes."""

    id: int
    mime_type: str | None
    filename: str | None
    size: int | None
    state: str
    sha256: str | None

    @computed_field
    def url(self) -> str:
        return f"/api/v1/media/{self.id}"


class ErrorOut(ResponseModel):
    """`cause` says who can mend it, `advice` how."""

    code: str | None = None
    cause: str | None = None
    advice: str | None = None
    title: str | None = None
    details: str | None = None


class MessageOut(ResponseModel):
    """`created_at` is the provider's time for what customers wrote; `send_at` the time that it was scheduled for."""

    id: int
    conversation_id: int
    direction: str
    sender: str
    type: str
    text: str
    payload: dict[str, Any]
    media: list[FileOut]
    status: str
    provider_message_id: str | None
    reply_to: str | None
    error: ErrorOut | None
    attempts: int
    created_at: datetime
    send_at: datetime | None
    sent_at: datetime | None


class PlacedOut(MessageOut):
    """`parts` are the ids of all messages the text was split into, this one first."""

    parts: list[int]


class MessageList(ResponseModel):
    items: list[MessageOut]
    next_cursor: str | None


class UploadOut(ResponseModel):
    id: int
    mime_type: str
    size: int


class StatsOut(ResponseModel):
    """Averages are null where there is nothing to average; ai_response_rate is a fraction from 0 to 1."""

    total_conversations: int
    active_conversations: int
    total_messages: int
    messages_sent: int
    messages_received: int
    average_response_time: float | None
    average_satisfaction: float | None
    ai_response_rate: float | None
    active_contacts_24h: int
    active_contacts_7d: int
