"""What a provider of channels declares about itself, so that nobody else needs to know which one it is."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from core.channels.templates.template import Template
from core.channels.types import Account, Channel, Diagnosis, Kind, ProviderError
from core.channels.webhook import Challenge, EventBody, Parser, Webhook
from core.platform.config import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """A provider's limits for one kind of message: `text` code points a message, `per_second` messages of a number."""

    text: int
    per_second: float


@dataclass(frozen=True, slots=True)
class CredentialField:
    """A field of the form that sets a channel up.

    A `secret` is never shown again, and is kept when its field is left empty. `check` returns the value to store; the
    text of its ValueError says what is wrong. Texts of the form: `provider.<provider>.<name>`, with `_help` beside the
    field if there is one, and with `_wrong` if `check` can refuse.
    """

    name: str
    secret: bool = False
    required: bool = True
    check: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel that is to be made."""

    provider: str
    kind: Kind
    identity: str
    account: str
    name: str
    credentials: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of probing an account. `latency` is in milliseconds; texts of the provider are verbatim.

    `expires_at`: when the access token expires; None if never or unknown.
    """

    well: bool
    detail: str
    advice: str = ""
    latency: int = 0
    number: str = ""
    verified_name: str = ""
    quality: str = ""
    limit: str = ""
    expires_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the form stored in `channels.told`."""
        return {**asdict(self), "expires_at": self.expires_at.isoformat() if self.expires_at else None}

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> ProbeResult | None:
        """Parse `as_json`; None for a channel that was never probed."""
        if not data:
            return None
        expires_at = data.get("expires_at")
        return cls(**{**data, "expires_at": datetime.fromisoformat(expires_at) if expires_at else None})


class Provider(ABC):
    """A provider. It has no state: `core.channels.registry` has one instance of each.

    `name` is stored with channels. `kinds` are those it carries, the usual one first. A channel is set up with its
    `identity_field`, what the provider calls it; its `account_field`, stored in `channels.account`, if accounts have
    several channels; and its `credential_fields`. `refusals` are the reasons of refused credentials by the provider's
    code, each with a text `provider.<provider>.refused_<reason>`.

    `sources` are the parsers of its events by the name that is stored with each, with a text `source.<name>`.
    `signing_credential` names the credential that signs `webhooks`, several separated by commas while it is replaced.
    A provider without webhooks is `polled`. `receipts_name_channel`: a receipt names the channel that sent; otherwise
    its message is looked up first.
    """

    name: ClassVar[str]
    kinds: ClassVar[Mapping[Kind, Limits]]
    identity_field: ClassVar[CredentialField]
    account_field: ClassVar[CredentialField | None] = None
    credential_fields: ClassVar[Sequence[CredentialField]] = ()
    refusals: ClassVar[Mapping[str, str]] = MappingProxyType({})
    sources: ClassVar[Mapping[str, Parser]]
    webhooks: ClassVar[Sequence[Webhook]] = ()
    challenge: ClassVar[Challenge | None] = None
    signing_credential: ClassVar[str] = ""
    receipts_name_channel: ClassVar[bool] = True
    polled: ClassVar[bool] = False

    @property
    def locales(self) -> Path:
        """Return the folder of the texts, a JSON file per language. Every provider has `provider.<provider>.title`."""
        return Path(inspect.getfile(type(self))).with_name("locales")

    def configured(self, settings: Settings) -> Sequence[ChannelSpec]:
        """Return the channels that the installation's settings describe."""
        return ()

    def settings_credentials(self, settings: Settings) -> Mapping[str, str]:
        """Return the settings' credentials that verify webhooks, also of channels that have none of their own."""
        return {}

    def account(self, settings: Settings, kind: Kind, identity: str, credentials: Mapping[str, str]) -> Account:
        """Return the account with the addresses by which this installation and the provider reach each other."""
        return Account(self.name, kind, identity, credentials)

    def add_command(self, kind: str, identity: str, account: str = "") -> str:
        """Return the command that adds a channel, with everything it needs; `-` is asked for, as it may be secret."""
        words = ["core.cli channels add", self.name, kind, identity or self.identity_field.name.upper()]
        if self.account_field and self.account_field.required:
            words.append(f"--account {account or self.account_field.name.upper()}")
        words += [f"--credential {one.name}=-" for one in self.credential_fields if one.required]
        return " ".join(words)

    @abstractmethod
    def open(self, account: Account, *, read_timeout: float) -> Channel:
        """Return a channel of the account, ready to send."""

    @abstractmethod
    def probe(self, account: Account, read_timeout: float) -> ProbeResult:
        """Ask the provider whether the account works. Raises `SendError`."""

    def probe_new(self, account: Account, read_timeout: float) -> ProbeResult:
        """Ask the same before the account is saved, and whether its identity is its own. Raises `SendError`."""
        return self.probe(account, read_timeout)

    def templates(self, account: Account) -> Iterable[Template]:
        """Return the account's message templates, in `core.channels.templates`' form. Raises `SendError`."""
        return ()

    def poll(self, account: Account) -> Iterator[tuple[str, EventBody]]:
        """Yield what is new at a provider that is `polled`, each with its source. Raises `SendError`.

        Each is committed before the next is asked for: only then may the provider be told that it was taken.
        """
        return iter(())

    @abstractmethod
    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        """Return the meaning of an error in a failed receipt, after which the provider does not try again."""
