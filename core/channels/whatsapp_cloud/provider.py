"""Meta's Cloud API as a provider of channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from core.channels import json_sanitizer
from core.channels.media_types import MEGABYTE
from core.channels.provider import ChannelSpec, CredentialField, Limits, ProbeResult, Provider
from core.channels.templates.template import Template
from core.channels.types import Account, Diagnosis, Kind, ProviderError
from core.channels.webhook import Challenge, Webhook, WebhookAnswer
from core.channels.whatsapp_cloud import errors, limits
from core.channels.whatsapp_cloud.account import probe
from core.channels.whatsapp_cloud.channel import WhatsAppCloud
from core.channels.whatsapp_cloud.graph_api import Graph
from core.channels.whatsapp_cloud.signature import looks_signed, verify_challenge, verify_signature
from core.channels.whatsapp_cloud.templates import list_templates
from core.channels.whatsapp_cloud.webhooks.body import parse
from core.platform.config import Settings


def _phone_number_id(typed: str) -> str:
    if typed.isascii() and typed.isdigit():
        return typed
    raise ValueError("Meta's phone number id is made of digits only.")


def _json_fault(body: bytes) -> str:
    try:
        json_sanitizer.loads(body)
    except (ValueError, RecursionError):
        return "The body is not JSON."
    return ""


class WhatsAppCloudProvider(Provider):
    """One channel is a phone number of a WhatsApp business account."""

    name = "whatsapp_cloud"
    kinds: ClassVar = {Kind.WHATSAPP: Limits(limits.TEXT, per_second=80)}  # Cloud API, "Throughput"
    identity_field = CredentialField("identity", check=_phone_number_id)
    account_field = CredentialField("waba_id")
    credential_fields = (CredentialField("access_token", secret=True), CredentialField("app_secret", secret=True))
    sources: ClassVar = {"whatsapp_cloud": lambda event: parse(event.body, event.received_at)}
    # Meta takes only 200 for delivered (Webhooks, "Getting started"; Cloud API, "Webhooks").
    webhooks = (
        Webhook(
            source="whatsapp_cloud",
            paths=("/api/webhooks/whatsapp", "/api/v1/webhook", "/webhook"),
            signature_header="X-Hub-Signature-256",
            looks_signed=looks_signed,
            verify=lambda signed, secret: verify_signature(signed.body, signed.signature, [secret]),
            largest_body=3 * MEGABYTE,
            answer=WebhookAnswer(body=b'{"status":"received"}', content_type="application/json"),
            fault=_json_fault,
        ),
    )
    challenge = Challenge("verify_token", verify_challenge)
    signing_credential = "app_secret"
    # Graph API, "Error handling", and Cloud API, "Error codes".
    refusals: ClassVar = {
        **dict.fromkeys(("0", "102", "190", "http_401"), "token"),
        **dict.fromkeys(("3", "10", "200", "299", "131005"), "permission"),
        **dict.fromkeys(("33", "100"), "identity"),
    }

    def configured(self, settings: Settings) -> Sequence[ChannelSpec]:
        if not (settings.whatsapp_access_token and settings.whatsapp_phone_number_id):
            return ()
        credentials = {
            "access_token": settings.whatsapp_access_token,
            "app_secret": ",".join(settings.whatsapp_app_secret),
            "waba_id": settings.whatsapp_business_account_id,
        }
        identity, account = settings.whatsapp_phone_number_id, settings.whatsapp_business_account_id
        return (ChannelSpec(self.name, Kind.WHATSAPP, identity, account, "WhatsApp", credentials),)

    def settings_credentials(self, settings: Settings) -> Mapping[str, str]:
        token = settings.whatsapp_webhook_verify_token
        return {"app_secret": ",".join(settings.whatsapp_app_secret), "verify_token": token}

    def account(self, settings: Settings, kind: Kind, identity: str, credentials: Mapping[str, str]) -> Account:
        url, version = settings.whatsapp_api_url, settings.whatsapp_api_version
        return Account(self.name, kind, identity, credentials, api_url=url, api_version=version)

    def open(self, account: Account, *, read_timeout: float) -> WhatsAppCloud:
        return WhatsAppCloud(account, read_timeout=read_timeout)

    def probe(self, account: Account, read_timeout: float) -> ProbeResult:
        """Read the number and its token. A token gives access to its own numbers only, also before saving."""
        return probe(Graph(account, read_timeout=read_timeout))

    def templates(self, account: Account) -> Iterator[Template]:
        return list_templates(Graph(account), account.credentials["waba_id"])

    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        return errors.diagnose_failure(error)
