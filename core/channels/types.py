"""Provider-independent types and the channel protocol.

Nothing here depends on the database or a provider. `core.messaging` uses this module; the provider packages convert
JSON or form bodies to these types and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from core.channels.account_states import AddressBookName, News
from core.channels.content.files import FileFacts as FileFacts
from core.channels.content.files import OutgoingFile as OutgoingFile
from core.channels.failures import Cause as Cause
from core.channels.failures import Diagnosis as Diagnosis
from core.channels.failures import Fact as Fact
from core.channels.failures import InvalidMessage as InvalidMessage
from core.channels.failures import MediaError as MediaError
from core.channels.failures import ProviderError as ProviderError
from core.channels.failures import SendError as SendError
from core.channels.failures import Verdict as Verdict


class Kind(StrEnum):
    """The customer's messaging service."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file stored by the provider, by `provider_media_id` (Meta) or `url` (Twilio). `sha256` is lower-case hex."""

    provider_media_id: str | None = None
    url: str | None = None
    mime_type: str | None = None
    sha256: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message from a customer (or, with `echo`, one the business sent from its own phone).

    `route` and `kind` name our channel: Meta's phone_number_id, or the number a Twilio message came to. `sender` is the
    address to reply to, verbatim: wa_id or BSUID, or a +E.164 number. `phone` is "+digits" when known. `timestamp` is
    the provider's, aware, UTC. `payload` is JSON-safe and holds what is specific to `type`, plus the message context
    `context`, `referral`, `forwarded` where present. `text` is the preview for a list of conversations. `thread` are
    provider ids of the messages that this one follows, the nearest first: it belongs to their conversation, whoever
    wrote it. `for_people`: no bot may answer, because a machine wrote it or it was written to others.
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
    answered: bool = False  # the provider has replied already
    thread: tuple[str, ...] = ()
    for_people: bool = False
    echo: bool = False
    historic: bool = False  # from a history import: store, never answer
    service: str = ""  # the messaging service that forwarded it, which may be our channel


@dataclass(frozen=True, slots=True)
class Receipt:
    """A status of a message we sent: sent, delivered, read, played or failed.

    A payment status begins with "payment_", does not change the message's status, and has its details in `pricing`.

    `our_id` is our message id, as returned by the provider; `provider_id` is theirs, "" where only ours is present.
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
    """A customer's address changed from `old` to `new` (both in the provider's format)."""

    kind: Kind
    route: str
    provider_id: str
    old: str
    new: str
    timestamp: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class MarketingConsent:
    """A customer stopped (`allowed` False) or resumed marketing messages. Without a `route` it is of the `account`."""

    kind: Kind
    route: str
    sender: str
    allowed: bool
    timestamp: datetime
    account: str = ""


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """An update about the account, a number or a template that an administrator should see.

    `severity` is info, warning or high; `news` is its meaning. Without a `route` it is about the `account` (WABA).
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
class UnparsedItem:
    """An item that could not be parsed. It becomes a dead letter with its reason; other items are processed."""

    reason: str
    raw: Any


Parsed = InboundMessage | Receipt | IdentityChange | MarketingConsent | AddressBookName | AccountUpdate | UnparsedItem


@dataclass(frozen=True, slots=True)
class MailThread:
    """The thread that a mail goes on with.

    `references` are provider ids of its mails, oldest first; `copies` the addresses of who else takes part.
    `automatic`: no person wrote the answer.
    """

    subject: str
    references: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. `content` is a validated `core.channels.content.shapes` document as JSON data.

    `message_id` is returned in the receipt. `reply_to` is the provider's id of the quoted message. `files` are those
    that the content names by `attachment_id`. `thread` is set for kinds that are `threaded`.
    """

    message_id: int
    to: str
    type: str
    content: Mapping[str, Any]
    reply_to: str | None = None
    files: Mapping[int, OutgoingFile] = field(default_factory=dict)
    thread: MailThread | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message (which does not mean that it was delivered)."""

    provider_id: str
    note: str | None = None  # e.g. held_for_quality_assessment


@dataclass(frozen=True, slots=True)
class Account:
    """A channel's side at its provider, with the credentials to send. Credentials are in clear, in memory only.

    `identity` is the provider's name of it, such as a number. `callback_url` is where the provider reports receipts,
    and `files_url` the base at which it fetches our files, "" while it cannot reach us: if it is told so per message.
    `private_hosts` are those, as host:port, that may be on a private network. `added_at` is when the channel was added,
    None before that.
    """

    provider: str
    kind: Kind
    identity: str
    credentials: Mapping[str, str] = field(repr=False)
    api_url: str = ""
    api_version: str = ""
    callback_url: str = ""
    files_url: str = ""
    private_hosts: frozenset[str] = frozenset()
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A fetched file, written to `path`. `sha256` is lower-case hex of what was written."""

    path: Path
    mime_type: str
    size: int
    sha256: str


class Channel(Protocol):
    """Protocol of a provider's channel. Every call is one network request with explicit timeouts."""

    @property
    def files_refused(self) -> str | None:
        """Return why no file of ours can be sent, and which setting to change; None if they can."""

    @property
    def upload_life(self) -> timedelta | None:
        """Return how long a file sent by `upload` may be named.

        None if the provider fetches files by their links, zero if they go within the message.
        """

    def check(self, kind: str, content: Mapping[str, Any]) -> None:
        """Raise `InvalidMessage` if the provider would refuse it. No network."""

    def check_file(self, field: str, kind: str, file: FileFacts) -> None:
        """Raise `InvalidMessage` about `field` if the provider would refuse the file as `kind` (image, document …)."""

    def upload(self, path: Path, mime_type: str, filename: str) -> str:
        """Upload a file and return the provider's id of it. Sends nothing to anyone. Raises `SendError`."""

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raises `SendError`; anything else raised is a bug."""

    def mark_read(self, provider_id: str, *, typing: bool) -> None:
        """Show a read receipt and a typing indicator. Optional: raises `SendError`, which may be ignored."""

    def fetch(self, media: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        """Download a file into `folder`. `guard(url)` raises before an unsafe URL is requested.

        Raises `MediaError`.
        """
