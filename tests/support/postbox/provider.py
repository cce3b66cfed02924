"""A small provider of mail over HTTP: all that docs/adding-a-channel.md asks for, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from core.channels.http import BearerAuth, exchange, json_object, open_session, status_diagnosis
from core.channels.kinds import rules
from core.channels.provider import CredentialField, Limits, ProbeResult, Provider
from core.channels.types import (
    Account,
    Cause,
    Diagnosis,
    Download,
    FileFacts,
    InboundMessage,
    InvalidMessage,
    Kind,
    MediaError,
    MediaRef,
    Outgoing,
    Parsed,
    ProviderError,
    Receipt,
    SendError,
    Sent,
    Verdict,
)
from core.channels.webhook import EventBody, SignedRequest, Webhook, WebhookAnswer
from core.platform.config import Settings

_DIAGNOSES = {
    "full": Diagnosis(Verdict.PERMANENT, Cause.RECIPIENT, "The customer's mailbox is full. Use another channel."),
    "key": Diagnosis(Verdict.RETRYABLE, Cause.ADMIN, "The key was refused. Make a new one."),
}
_UNKNOWN = Diagnosis(Verdict.PERMANENT, Cause.REQUEST, "Look the code up.")


class PostboxChannel:
    """Channel of one mailbox. Thread-safe."""

    files_refused = "cannot go out: this provider carries text only"
    upload_life = None

    def __init__(self, account: Account, *, read_timeout: float) -> None:
        self._account = account
        self._read_timeout = read_timeout
        self._session = open_session()
        self._session.auth = BearerAuth(account.credentials["key"])

    def check(self, kind: str, content: Mapping[str, Any]) -> None:
        """Raise `InvalidMessage` for anything but text."""
        if kind != "text":
            raise InvalidMessage("type", f"{kind} cannot be sent by this provider")

    def check_file(self, field: str, kind: str, file: FileFacts) -> None:
        """Refuse every file."""
        raise InvalidMessage(field, self.files_refused)

    def upload(self, path: Path, mime_type: str, filename: str) -> str:
        """Never called: no file passes `check_file`."""
        raise NotImplementedError

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raises `SendError`."""
        message = {"from": self._account.identity, "to": outgoing.to, "text": outgoing.content["text"]}
        return Sent(self.call("POST", "messages", json={**message, "ref": outgoing.message_id})["id"])

    def mark_read(self, provider_id: str, *, typing: bool) -> None:
        """Do nothing: mail has no read marks."""

    def fetch(self, media: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        """Fetch nothing: no message has files."""
        raise MediaError("this provider carries text only", permanent=True)

    def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Make one request. Raises `SendError`."""
        url = f"{self._account.api_url}/{path}"
        response = exchange(self._session, method, url, read_timeout=self._read_timeout, **arguments)
        answer = json_object(response)
        if response.ok:
            return answer
        code = str(answer.get("code", f"http_{response.status_code}"))
        diagnosis = _DIAGNOSES.get(code) or status_diagnosis(response.status_code)
        raise SendError(ProviderError(code, str(answer.get("title", "Refused"))), diagnosis)


def _address(typed: str) -> str:
    try:
        return rules(Kind.EMAIL).read_address(typed).value
    except InvalidMessage as error:
        raise ValueError(error.reason) from error


def _verify(request: SignedRequest, secret: str) -> bool:
    expected = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), request.signature.encode())


def _parse(event: EventBody) -> Iterator[Parsed]:
    for item in json.loads(event.body):
        if item["event"] == "message":
            yield InboundMessage(
                Kind.EMAIL, _address(item["to"]), item["id"], _address(item["from"]), event.received_at, "text",
                text=item["text"], profile_name=item["name"],
            )  # fmt: skip
        else:
            errors = tuple(ProviderError(item["code"], item["title"]) for _ in [0] if "code" in item)
            yield Receipt(
                Kind.EMAIL, _address(item["from"]), item["id"], item["event"], event.received_at, our_id=item["ref"],
                errors=errors,
            )  # fmt: skip


class PostboxProvider(Provider):
    """One channel is a mailbox."""

    name = "postbox"
    kinds: ClassVar = {Kind.EMAIL: Limits(text=300, per_second=80)}
    identity_field = CredentialField("identity", check=_address)
    credential_fields = (
        CredentialField("server"),
        CredentialField("key", secret=True),
        CredentialField("signing_key", secret=True),
        CredentialField("footer", required=False),
    )
    refusals: ClassVar = {"key": "key"}
    sources: ClassVar = {"postbox": _parse}
    webhooks: ClassVar[Sequence[Webhook]] = (
        Webhook(
            source="postbox",
            paths=("/api/webhooks/postbox",),
            signature_header="X-Postbox-Signature",
            looks_signed=lambda header: len(header) == 64 and header.isascii(),
            verify=_verify,
            largest_body=64 * 1024,
            answer=WebhookAnswer(202),
        ),
    )
    signing_credential = "signing_key"

    def account(self, settings: Settings, kind: Kind, identity: str, credentials: Mapping[str, str]) -> Account:
        """Return the account at the server that its form names."""
        return Account(self.name, kind, identity, credentials, api_url=credentials["server"])

    def open(self, account: Account, *, read_timeout: float) -> PostboxChannel:
        """Return a channel of the mailbox."""
        return PostboxChannel(account, read_timeout=read_timeout)

    def probe(self, account: Account, read_timeout: float) -> ProbeResult:
        """Read the mailbox."""
        found = self.open(account, read_timeout=read_timeout).call("GET", f"mailboxes/{account.identity}")
        return ProbeResult(well=True, detail=account.identity, number=account.identity, verified_name=found["name"])

    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        """Return the meaning of a bounce."""
        return _DIAGNOSES.get(error.code, _UNKNOWN)
