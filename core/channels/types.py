"""The words every provider is translated into, and the protocol a channel speaks.

Nothing here knows a database or a provider. `core/inbox` and `core/outbox` know only this module;
the packages beside it turn a provider's JSON or form body into these values and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from core.channels.account_states import KnownName, News
from core.channels.content.files import FileFacts as FileFacts
from core.channels.content.files import OutgoingFile as OutgoingFile


class Kind(StrEnum):
    """What the customer holds in their hand."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"


class Provider(StrEnum):
    """Who carries the message."""

    WHATSAPP_CLOUD = "whatsapp_cloud"
    TWILIO = "twilio"


class Verdict(StrEnum):
    """What a failed send means for the outbox.

    `PERMANENT`: sending the same again cannot work. `RETRYABLE`: the provider certainly did not take it
    and may later. `UNKNOWN`: it may have been taken; the machine must not send it again.
    """

    PERMANENT = "permanent"
    RETRYABLE = "retryable"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Who can mend a failure. The console groups failures by this and by code."""

    PROVIDER = "provider"  # theirs: wait
    THROTTLED = "throttled"  # too fast: wait
    NEEDS_TEMPLATE = "needs_template"  # 24-hour window closed
    RECIPIENT = "recipient"  # this person cannot be reached
    REQUEST = "request"  # our message is malformed
    ADMIN = "admin"  # token, permission, payment: an administrator acts
    PAUSE_NUMBER = "pause_number"  # the number itself is blocked or limited: stop sending from it
    NETWORK = "network"  # no answer


@dataclass(frozen=True, slots=True)
class ProviderError:
    """An error as the provider words it (`code` is a string: Meta and Twilio number differently)."""

    code: str
    title: str
    details: str = ""


class Fact(StrEnum):
    """What an error says of the person, beyond this one message."""

    OPTED_OUT = "opted_out"
    MARKETING_STOPPED = "marketing_stopped"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a provider's code means, from that provider's table.

    `advice` says what happened and who can mend it; whether the message goes out again by itself only the outbox
    knows, and adds it. `wait` is the shortest wait until the next try, in seconds. `answers_only`: the number may begin
    no conversations for that time; answers within an open window go on.
    """

    verdict: Verdict
    cause: Cause
    advice: str
    wait: float = 0.0
    answers_only: bool = False
    fact: Fact | None = None

    @property
    def holds_number(self) -> bool:
        """Nothing of this number can go out until its credentials work again, and then everything can."""
        return self.verdict is Verdict.RETRYABLE and self.cause is Cause.ADMIN


class SendError(Exception):
    """The one way a channel reports that its provider did not do what was asked: a message not accepted, above all.

    `retry_after` is in seconds, when the provider named a wait.
    """

    def __init__(self, error: ProviderError, diagnosis: Diagnosis, *, retry_after: float | None = None) -> None:
        super().__init__(f"{error.code}: {error.title}")
        self.error = error
        self.diagnosis = diagnosis
        self.verdict = diagnosis.verdict
        self.cause = diagnosis.cause
        self.advice = diagnosis.advice
        self.retry_after = max(retry_after or 0, diagnosis.wait) if diagnosis.wait else retry_after


class InvalidMessage(ValueError):
    """A message breaks a provider's limit. `field` names the part, the text says the limit. Nothing was sent."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class MediaError(Exception):
    """A file could not be fetched. `permanent` says whether asking again can help."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file the provider keeps for us. One of `provider_media_id` (Meta) or `url` (Twilio) is set.
    `sha256` is lower-case hex, when the provider gave one.
    """

    provider_media_id: str | None = None
    url: str | None = None
    mime_type: str | None = None
    sha256: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message a customer wrote (or, with `echo`, one the business wrote from its own phone).

    `route` and `kind` name our channel: Meta's phone_number_id, or the number a Twilio message came to.
    `sender` is the address to answer to, verbatim: wa_id or BSUID, or a +E.164 number.
    `phone` is "+digits" when known. `timestamp` is the provider's, aware, UTC.
    `payload` is JSON-safe and holds what is particular to `type`, plus the riders `context`, `referral`,
    `forwarded` where they came. `text` is what a person would read in a list of conversations.
    """

    kind: Kind
    route: str
    provider_id: str
    sender: str
    timestamp: datetime
    type: str
    text: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()
    phone: str | None = None
    aliases: tuple[str, ...] = ()
    profile_name: str | None = None
    username: str | None = None
    reply_to: str | None = None
    target: str | None = None  # provider id of the message that a reaction, edit or revoke is about
    group_id: str | None = None
    opt_out: bool | None = None  # True: the customer asked not to be written to; False: lifted it
    answered: bool = False  # the provider has answered it already
    echo: bool = False
    historic: bool = False  # from a history import: store, never answer
    service: str = ""  # the messaging service that passed it on, which may be our channel


@dataclass(frozen=True, slots=True)
class Receipt:
    """What happened to a message we sent. `status` is sent, delivered, read, played, failed or cancelled; what became
    of a payment that it asked for begins with "payment_", moves no message, and has its details as `pricing`.

    `our_id` is the message id we gave the provider to carry; `provider_id` is theirs, "" where only ours is told.
    """

    kind: Kind
    route: str
    provider_id: str
    status: str
    timestamp: datetime
    our_id: int | None = None
    recipient: str | None = None
    errors: tuple[ProviderError, ...] = ()
    pricing: Mapping[str, Any] = field(default_factory=dict)
    service: str = ""


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """A customer's address changed from `old` to `new` (both as the provider writes them)."""

    kind: Kind
    route: str
    provider_id: str
    old: str
    new: str
    timestamp: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A customer stopped (`allowed` False) or resumed marketing messages. Without a `route` it is of the `account`."""

    kind: Kind
    route: str
    sender: str
    allowed: bool
    timestamp: datetime
    account: str = ""


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """News about the account, a number or a template that an administrator should see.

    `severity` is info, warning or high; `news` says what it means. Without a `route` it is of the `account` (WABA).
    """

    kind: Kind
    route: str
    account: str
    topic: str
    severity: str
    text: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    news: News | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that could not be understood. It is kept with its reason and its neighbours go on."""

    reason: str
    raw: Any


Parsed = InboundMessage | Receipt | IdentityChange | Consent | KnownName | AccountNotice | Broken


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. `content` is a validated `core.channels.content.shapes` document as JSON data.

    `message_id` travels out and comes back in the receipt. `reply_to` is the provider's id of the quoted message.
    `files` are those that the content names by `attachment_id`.
    """

    message_id: int
    to: str
    type: str
    content: Mapping[str, Any]
    reply_to: str | None = None
    files: Mapping[int, OutgoingFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message (which does not mean that it was delivered)."""

    provider_id: str
    note: str | None = None  # e.g. held_for_quality_assessment


@dataclass(frozen=True, slots=True)
class Account:
    """One number at one provider: what a channel needs in order to speak. Credentials are in clear, in memory only."""

    provider: Provider
    kind: Kind
    identity: str  # phone_number_id, or the Twilio number
    credentials: Mapping[str, str] = field(repr=False)
    api_url: str
    api_version: str = ""
    callback_url: str = ""  # where Twilio reports statuses
    files_url: str = ""  # where Twilio can fetch our files; "" while it cannot reach us


@dataclass(frozen=True, slots=True)
class Download:
    """A fetched file, written to `path`. `sha256` is lower-case hex of what was written."""

    path: Path
    mime_type: str
    size: int
    sha256: str


class Channel(Protocol):
    """What a provider can do for us. Every call is one network conversation with explicit time-outs."""

    @property
    def files_refused(self) -> str | None:
        """Why no file of ours can go out at all, and what to set; None if they can."""

    @property
    def takes_uploads(self) -> bool:
        """Whether the provider is handed our files with `upload`; otherwise it fetches them by their links."""

    def check(self, kind: str, content: Mapping[str, Any]) -> None:
        """Raise `InvalidMessage` if the provider would refuse it. No network."""

    def check_file(self, field: str, kind: str, file: FileFacts) -> None:
        """Raise `InvalidMessage` about `field` if the provider would refuse the file as `kind` (image, document …)."""

    def upload(self, path: Path, mime_type: str, filename: str) -> str:
        """Hand over a file of ours; the provider's id of it. Nobody is sent anything. Raises `SendError`."""

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raises `SendError`; anything else raised is a bug."""

    def mark_read(self, provider_id: str, *, typing: bool) -> None:
        """Show the customer that we read it, and are typing. A courtesy: raises `SendError`, which may be ignored."""

    def fetch(self, media: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        """Fetch a file into `folder`. `guard(url)` raises before any address that is not safe to ask is asked.

        Raises `MediaError`.
        """
