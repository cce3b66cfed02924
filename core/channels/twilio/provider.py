"""Twilio as a provider of channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from core.channels.phone_numbers import digits
from core.channels.provider import ChannelSpec, CredentialField, Limits, ProbeResult, Provider
from core.channels.templates.template import Template
from core.channels.twilio import errors
from core.channels.twilio.account import check_credentials, owns_sender
from core.channels.twilio.channel import Twilio
from core.channels.twilio.content import list_content
from core.channels.twilio.payloads import BODY_LIMIT
from core.channels.twilio.signature import looks_signed, verify_signature
from core.channels.twilio.webhooks import parse_inbound, parse_status
from core.channels.types import Account, Diagnosis, Kind, ProviderError, SendError
from core.channels.webhook import SignedRequest, Webhook, WebhookAnswer
from core.platform.config import Settings
from core.platform.config_values import is_local

INBOUND_PATHS = ("/api/webhooks/twilio", "/webhook/whatsapp", "/api/webhooks/sms")
SHARED_PATHS = ("/api/webhooks/whatsapp", "/api/v1/webhook", "/webhook")  # with another provider of WhatsApp
STATUS_PATHS = ("/api/webhooks/twilio/status", "/api/webhooks/message-status")
# The reply is sent by the REST API: in this answer it would have to be ready within 15 seconds ("Messaging webhooks").
_EMPTY_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def _webhook(source: str, paths: tuple[str, ...], answer: WebhookAnswer) -> Webhook:
    return Webhook(
        source, paths, "X-Twilio-Signature", looks_signed, _is_genuine, largest_body=256 * 1024, answer=answer,
        signs_url=True,
    )  # fmt: skip


def _is_genuine(signed: SignedRequest, secret: str) -> bool:
    return any(
        verify_signature(url, signed.body, signed.content_type, signed.signature, [secret]) for url in signed.urls
    )


def _sender(typed: str) -> str:
    """Return the number as +E.164, or the sid of a messaging service."""
    sender = typed.removeprefix("whatsapp:")
    if sender.startswith("MG") and sender.isalnum():
        return sender
    if sender.startswith("+") and (number := digits(sender)):
        return f"+{number}"
    raise ValueError("Write the number as +15005550006, or a messaging service's MG….")


class TwilioProvider(Provider):
    """One channel is a number, or a messaging service, of a Twilio account."""

    name = "twilio"
    # Twilio, "Message queueing and rate limits".
    kinds: ClassVar = {Kind.SMS: Limits(BODY_LIMIT, per_second=1), Kind.WHATSAPP: Limits(BODY_LIMIT, per_second=80)}
    identity_field = CredentialField("identity", check=_sender)
    account_field = CredentialField("account_sid")
    credential_fields = (CredentialField("auth_token", secret=True),)
    # Twilio, "Error and warning dictionary".
    refusals: ClassVar = {
        **dict.fromkeys(("20003", "20005", "http_401"), "credentials"),
        "20404": "identity",
    }
    sources: ClassVar = {
        "twilio_inbound": lambda event: parse_inbound(event.body, event.content_type, event.received_at),
        "twilio_status": lambda event: parse_status(event.body, event.content_type, event.query, event.received_at),
    }
    webhooks = (
        _webhook(
            "twilio_inbound", INBOUND_PATHS + SHARED_PATHS, WebhookAnswer(body=_EMPTY_TWIML, content_type="text/xml")
        ),
        _webhook("twilio_status", STATUS_PATHS, WebhookAnswer(204)),
    )
    signing_credential = "auth_token"
    receipts_name_channel = False  # a messaging service sends from any of its numbers

    def configured(self, settings: Settings) -> Sequence[ChannelSpec]:
        account = settings.twilio_account_sid
        if not (account and settings.twilio_auth_token):
            return ()
        credentials = {"account_sid": account, "auth_token": settings.twilio_auth_token}
        numbers = (
            (Kind.SMS, settings.twilio_phone_number, "SMS"),
            (Kind.WHATSAPP, settings.twilio_whatsapp_number, "WhatsApp (Twilio)"),
        )
        return [
            ChannelSpec(self.name, kind, number.removeprefix("whatsapp:"), account, name, credentials)
            for kind, number, name in numbers
            if number
        ]

    def settings_credentials(self, settings: Settings) -> Mapping[str, str]:
        return {"auth_token": settings.twilio_auth_token}

    def account(self, settings: Settings, kind: Kind, identity: str, credentials: Mapping[str, str]) -> Account:
        return Account(
            self.name, kind, identity, credentials, api_url=settings.twilio_api_url,
            callback_url=settings.callback_base + STATUS_PATHS[0], files_url=_files_base(settings),
        )  # fmt: skip

    def open(self, account: Account, *, read_timeout: float) -> Twilio:
        return Twilio(account, read_timeout=read_timeout)

    def probe(self, account: Account, read_timeout: float) -> ProbeResult:
        check_credentials(account, read_timeout=read_timeout)
        return ProbeResult(True, f"{account.identity}: Twilio accepts the credentials", number=account.identity)

    def probe_new(self, account: Account, read_timeout: float) -> ProbeResult:
        """Ask also whether the number is the account's: credentials say nothing about it."""
        answer = self.probe(account, read_timeout)
        try:
            owned = owns_sender(account, read_timeout=read_timeout)
        except SendError as error:
            return replace(answer, well=False, detail=f"Twilio did not say whose {account.identity} is ({error})")
        if owned:
            return answer
        advice = "Give the account SID and token of the account or subaccount that has it in the Twilio console."
        return replace(answer, well=False, detail=f"{account.identity} does not belong to this account", advice=advice)

    def templates(self, account: Account) -> Iterator[Template]:
        return list_content(account)

    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        return errors.diagnose_failure(error)


def _files_base(settings: Settings) -> str:
    """Return the base URL at which Twilio can fetch files; "" if it cannot reach `PUBLIC_URL`.

    A sandbox on this machine reaches the local port.
    """
    if is_local(settings.twilio_api_url):
        return settings.callback_base
    return "" if not settings.public_url or is_local(settings.public_url) else settings.public_url.rstrip("/")
