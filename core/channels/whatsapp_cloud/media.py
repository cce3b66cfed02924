"""Download and upload Meta media (Cloud API reference, Media)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import requests

from core.channels.http import BearerAuth, status_diagnosis
from core.channels.json_values import text
from core.channels.safe_download import MediaGone, download
from core.channels.types import Download, MediaError, MediaRef, ProviderError, SendError, Verdict
from core.channels.whatsapp_cloud.files import upload_type
from core.channels.whatsapp_cloud.graph_api import Graph
from core.channels.whatsapp_cloud.webhooks.content import hex_digest


def fetch(
    graph: Graph, session: requests.Session, media: MediaRef, folder: Path, guard: Callable[[str], None]
) -> Download:
    """Fetch a file by its media id. Raises `MediaError`.

    The URL of an id expires after five minutes, so it is requested once more if it has expired.
    """
    if media.provider_media_id is None:
        raise MediaError("the message names no file", permanent=True)
    token = BearerAuth(graph.account.credentials.get("access_token", ""))

    def attempt() -> Download:
        url, known = _locate(graph, media)
        first = _authority(url)
        return download(
            session,
            url,
            known,
            folder,
            guard,
            lambda hop: token if _authority(hop) == first else None,
            read_timeout=graph.read_timeout,
        )

    try:
        return attempt()
    except MediaGone:
        return attempt()


def upload(graph: Graph, path: Path, mime_type: str, filename: str) -> str:
    """Upload a file and return its media id, valid for 30 days. Raises `SendError`.

    Nothing is sent to anyone yet, so an unclear outcome may be retried.
    """
    kind = upload_type(mime_type)
    with path.open("rb") as stream:
        try:
            answer = graph.call(
                "POST",
                f"{graph.account.identity}/media",
                data={"messaging_product": "whatsapp", "type": kind},
                files={"file": (filename, stream, kind)},
            )
        except SendError as error:
            if error.verdict is not Verdict.UNKNOWN:
                raise
            raise SendError(error.error, status_diagnosis(503)) from error
    if not (media_id := text(answer.get("id"))):
        raise SendError(ProviderError("200", "Uploaded without an id", str(answer)[:200]), status_diagnosis(503))
    return media_id


def _locate(graph: Graph, media: MediaRef) -> tuple[str, MediaRef]:
    try:
        answer = graph.call("GET", f"{media.provider_media_id}", params={"phone_number_id": graph.account.identity})
    except SendError as error:
        # Unknown ids are code 100, subcode 33; a token (an administrator's matter) may yet be renewed.
        permanent = error.verdict is Verdict.PERMANENT and error.error.code in ("100", "33")
        raise MediaError(f"Meta does not give the file: {error}", permanent=permanent) from error
    url = text(answer.get("url"))
    if not url:
        raise MediaError("Meta gives no address for the file", permanent=False)
    return url, replace(
        media,
        mime_type=media.mime_type or text(answer.get("mime_type")) or None,
        sha256=media.sha256 or hex_digest(text(answer.get("sha256"))),
    )


def _authority(url: str) -> tuple[str, str]:
    parts = requests.compat.urlsplit(url)
    return parts.scheme, parts.netloc.lower()
