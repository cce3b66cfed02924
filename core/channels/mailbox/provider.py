"""A mailbox as a provider of channels: read by IMAP, answered by SMTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import ClassVar

from core.channels.kinds import rules
from core.channels.mailbox import imap, smtp
from core.channels.mailbox.channel import LONGEST_TEXT, MailboxChannel
from core.channels.mailbox.parse import parse
from core.channels.mailbox.servers import Encryption, Server, imap_server, smtp_server
from core.channels.provider import ChannelSpec, CredentialField, Limits, ProbeResult, Provider
from core.channels.types import Account, Diagnosis, InvalidMessage, Kind, ProviderError, Verdict
from core.channels.webhook import EventBody
from core.platform.config import Settings

_POLL_SECONDS = 20.0


def _address(typed: str) -> str:
    try:
        return rules(Kind.EMAIL).read_address(typed).value
    except InvalidMessage as error:
        raise ValueError(error.reason) from error


def _server(read: Callable[[str], Server]) -> Callable[[str], str]:
    return lambda typed: str(read(typed))


class MailboxProvider(Provider):
    """One channel is a mailbox."""

    name = "mailbox"
    kinds: ClassVar = {Kind.EMAIL: Limits(LONGEST_TEXT, per_second=2)}
    identity_field = CredentialField("identity", check=_address)
    credential_fields = (
        CredentialField("imap_server", check=_server(imap_server)),
        CredentialField("smtp_server", check=_server(smtp_server)),
        CredentialField("username", required=False),
        CredentialField("password", secret=True),
        CredentialField("smtp_username", required=False),
        CredentialField("smtp_password", secret=True, required=False),
        CredentialField("folder", required=False),
        CredentialField("from_name", required=False),
    )
    refusals: ClassVar = {one: one for one in ("login", "certificate", "no_tls", "folder", "address", "read_only")}
    sources: ClassVar = {imap.SOURCE: parse}
    polled = True

    def configured(self, settings: Settings) -> Sequence[ChannelSpec]:
        address = settings.mail_from_address
        if not (settings.imap_host and settings.mail_host and address):
            return ()
        return [ChannelSpec(self.name, Kind.EMAIL, _address(address), "", "Email", _credentials(settings))]

    def account(self, settings: Settings, kind: Kind, identity: str, credentials: Mapping[str, str]) -> Account:
        own = _credentials(settings)
        named = {imap_server(own["imap_server"]).place, smtp_server(own["smtp_server"]).place} if own else set()
        return Account(
            self.name, kind, identity, credentials, api_url=credentials.get("imap_server", ""),
            private_hosts=frozenset({*named, *settings.private_hosts}),
        )  # fmt: skip

    def open(self, account: Account, *, read_timeout: float) -> MailboxChannel:
        return MailboxChannel(account, read_timeout=read_timeout)

    def probe(self, account: Account, read_timeout: float) -> ProbeResult:
        """Log in at both servers."""
        with ExitStack() as both:
            both.enter_context(imap.opened(account, timeout=read_timeout, read_only=True))
            both.enter_context(smtp.opened(account, timeout=read_timeout))
        return ProbeResult(True, f"{account.identity}: both mail servers accept the login", number=account.identity)

    def poll(self, account: Account) -> Iterator[tuple[str, EventBody]]:
        return imap.new_mail(account, _POLL_SECONDS)

    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        """Return the meaning of a bounce, after which the mail server does not try again."""
        found = smtp.diagnose(re.sub(r"^4", "5", error.code), recipient=True)
        return replace(found, verdict=Verdict.PERMANENT)


def _credentials(settings: Settings) -> dict[str, str]:
    """Return the credentials that the settings hold, {} if they describe no mailbox."""
    if not (settings.imap_host and settings.mail_host):
        return {}
    imap_port = settings.imap_port or {"starttls": 143, "none": 143}.get(settings.imap_encryption, 993)
    smtp_port = settings.mail_port or {"tls": 465, "none": 25}.get(settings.mail_encryption, 587)
    return {
        "imap_server": str(Server(settings.imap_host, imap_port, Encryption(settings.imap_encryption))),
        "smtp_server": str(Server(settings.mail_host, smtp_port, Encryption(settings.mail_encryption))),
        "username": settings.imap_username or settings.mail_username,
        "password": settings.imap_password or settings.mail_password,
        "smtp_username": settings.mail_username,
        "smtp_password": settings.mail_password,
        "folder": settings.imap_folder,
        "from_name": settings.mail_from_name,
    }
