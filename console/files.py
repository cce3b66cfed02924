"""Customers' files, for signed-in people of the same business only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from console.security import COOKIE
from core.db import system_transaction, transaction
from core.media import storage
from core.models import Attachment, FileState
from core.people import sessions

# Shown in the page. Everything else is handed over as a download, because it might be a page with a script in it.
_SHOWN = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/3gpp", "audio/aac", "audio/amr",
     "audio/mp4", "audio/mpeg", "audio/ogg", "audio/opus", "audio/webm", "audio/wav"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Opened:
    content: Iterator[bytes]
    mime_type: str
    filename: str
    size: int | None


async def download(request: Request) -> Response:
    """One stored file. 404 for what is not there, not fetched yet, or another business's."""
    opened = await to_thread.run_sync(_open, request.cookies.get(COOKIE, ""), request.path_params["attachment_id"])
    if opened is None:
        return PlainTextResponse("No such file.", 404)
    shown = opened.mime_type in _SHOWN
    headers = {
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(opened.filename)}",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, max-age=3600",
    }
    if opened.size is not None:
        headers["content-length"] = str(opened.size)
    return StreamingResponse(
        opened.content, headers=headers, media_type=opened.mime_type if shown else "application/octet-stream"
    )


def _open(token: str, attachment_id: int) -> _Opened | None:
    with system_transaction() as session:
        agent = sessions.session_agent(session, token)
    if agent is None or attachment_id >= 2**63:
        return None
    with transaction(agent.business_id) as session:
        file = session.get(Attachment, attachment_id)
    if file is None or file.state != FileState.STORED or file.storage_key is None:
        return None
    content = storage.read(file.storage_key)
    try:
        first = next(content, b"")  # now, while a missing file can still be told in the status
    except FileNotFoundError:
        return None
    mime_type = (file.mime_type or "").partition(";")[0].strip().lower()
    return _Opened(chain([first], content), mime_type, file.filename or f"file-{file.id}", file.size)
