"""WhatsApp channel by Meta's Cloud API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.channels.http import NO_ANSWER, READ_SECONDS
from core.channels.json_values import mapping, text
from core.channels.phone_numbers import variants
from core.channels.ssrf import guarded_session, origin
from core.channels.types import (
    Account,
    Cause,
    Diagnosis,
    Download,
    FileFacts,
    MediaRef,
    Outgoing,
    ProviderError,
    SendError,
    Sent,
    Verdict,
)
from core.channels.whatsapp_cloud import files, limits
from core.channels.whatsapp_cloud.graph_api import Graph
from core.channels.whatsapp_cloud.media import fetch, upload
from core.channels.whatsapp_cloud.payloads import address, message_body

# Refusals of the address as it is spelt: the other spelling of a Mexican, Argentine or Brazilian number may do.
_SPELLING = frozenset({"131030", "131026"})

_NO_FILE = Diagnosis(Verdict.PERMANENT, Cause.REQUEST, "The attached file is missing. Attach it again.")


class WhatsAppCloud:
    """Channel of one phone number. Thread-safe."""

    files_refused = None
    upload_life = timedelta(days=25)  # Cloud API reference, Media: an uploaded file is kept 30 days

    def __init__(self, account: Account, *, read_timeout: float = READ_SECONDS) -> None:
        self._graph = Graph(account, read_timeout=read_timeout)
        self._downloads = guarded_session([origin(account.api_url)])
        self._path = f"{account.identity}/messages"

    def check(self, kind: str, content: Mapping[str, Any]) -> None:
        """Raise `InvalidMessage` if Meta would refuse the content for its size or shape."""
        limits.check(kind, content)

    def check_file(self, field: str, kind: str, file: FileFacts) -> None:
        """Raise `InvalidMessage` if Meta would refuse the file for its type or size."""
        files.check(field, kind, file)

    def upload(self, path: Path, mime_type: str, filename: str) -> str:
        """Upload a file for this number; its media id is valid for 30 days. Raises `SendError`."""
        return upload(self._graph, path, mime_type, filename)

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raises `SendError`.

        A number refused for its spelling is retried once in its other spelling, which is safe: a refusal sends nothing.
        """
        try:
            body = message_body(outgoing)
        except KeyError as error:
            raise SendError(ProviderError("no_file", f"The attached file {error} is missing"), _NO_FILE) from error
        try:
            return self._post(body)
        except SendError as error:
            others = variants(outgoing.to)
            if error.error.code not in _SPELLING or not others:
                raise
        return self._post({**body, **address(others[0])})

    def mark_read(self, provider_id: str, *, typing: bool) -> None:
        """Send a read receipt, and a typing indicator for up to 25 seconds (Cloud API, Typing indicators).

        Raises `SendError`.
        """
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": provider_id}
        if typing:
            body["typing_indicator"] = {"type": "text"}
        self._graph.call("POST", self._path, json=body)

    def fetch(self, media: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        """Fetch a customer's file. Raises `MediaError`."""
        return fetch(self._graph, self._downloads, media, folder, guard)

    def _post(self, body: Mapping[str, Any]) -> Sent:
        answer = self._graph.call("POST", self._path, json=body)
        accepted = answer.get("messages")
        first = mapping(accepted[0]) if isinstance(accepted, list) and accepted else {}
        provider_id = text(first.get("id"))
        if not provider_id:
            raise SendError(ProviderError("200", "Accepted without an id", str(answer)[:200]), NO_ANSWER)
        status = text(first.get("message_status"))
        return Sent(provider_id, None if status in ("", "accepted") else status)
