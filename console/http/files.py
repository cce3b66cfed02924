"""Upload and download of conversation files, for signed-in agents of the business."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO
from urllib.parse import quote, unquote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from console.db import system_transaction, transaction
from console.http.security import COOKIE, same_origin
from console.url_state import row_number
from core.accounts import sessions, visibility
from core.accounts.sessions import CurrentAgent
from core.channels.content.files import KINDS
from core.channels.file_errors import FileRefused
from core.channels.json_sanitizer import clean_text
from core.channels.media_types import HEAD_BYTES, MEGABYTE
from core.channels.types import FileFacts, InvalidMessage
from core.messaging.attachments import uploads
from core.messaging.channels.accounts import channel
from core.models import Attachment, Conversation, FileState
from core.platform import object_storage
from core.platform.errors import NotFound

# Types shown inline. Everything else is a download, because it could be HTML with a script.
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?")
_SHOWN = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/3gpp", "audio/aac", "audio/amr",
     "audio/mp4", "audio/mpeg", "audio/ogg", "audio/opus", "audio/webm", "audio/wav"}
)  # fmt: skip


_LONGEST_NUMBER = 19  # digits of a Postgres bigint
_LONGEST_NAME = 240  # Meta, Cloud API reference, Messages: a document's filename


@dataclass(frozen=True, slots=True)
class _Opened:
    content: Iterator[bytes]
    mime_type: str
    filename: str
    size: int | None


async def hand_in(request: Request) -> Response:
    """Store the request body as a file for a later message. Its type is detected from the content."""
    if not same_origin(request):
        return PlainTextResponse("This did not come from the console's own page.", 403)
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > uploads.LARGEST_FILE:
        return JSONResponse({"error": "too_large"}, 413)
    agent = await to_thread.run_sync(_who, request.cookies.get(COOKIE, ""))
    if agent is None:
        return PlainTextResponse("You are signed out.", 401)
    with tempfile.TemporaryFile() as body:
        async for piece in request.stream():
            body.write(piece)
        body.seek(0)
        name = clean_text(unquote(request.headers.get("x-file-name", "")))[:_LONGEST_NAME] or None
        declared = request.headers.get("content-type")
        try:
            kept = await to_thread.run_sync(_keep, agent, body, declared, name, _for(request))
        except FileRefused as error:
            limit = error.limit and error.limit / MEGABYTE
            return JSONResponse(
                {"error": "type" if limit is None else "size", "limit": limit, "reason": str(error)}, 422
            )
        except (InvalidMessage, NotFound) as error:
            return JSONResponse({"error": "refused", "reason": str(error)}, 422)
    return JSONResponse(kept, 201)


def _who(token: str) -> CurrentAgent | None:
    with system_transaction() as session:
        return sessions.session_agent(session, token)


@dataclass(frozen=True, slots=True)
class _For:
    """Conversation a file is sent to, and as which type; None: the detected type."""

    conversation_id: int
    kind: str | None


def _for(request: Request) -> _For | None:
    number, kind = request.headers.get("x-conversation", ""), request.headers.get("x-kind")
    known = number.isascii() and number.isdigit() and len(number) < _LONGEST_NUMBER
    return _For(int(number), kind if kind in KINDS else None) if known else None


def _keep(
    agent: CurrentAgent, body: IO[bytes], declared: str | None, name: str | None, aim: _For | None
) -> dict[str, object]:
    upload = uploads.keep(agent.business_id, body, declared, name)
    if aim is not None:
        body.seek(0)
        facts = FileFacts(upload.mime_type, upload.size, body.read(HEAD_BYTES))
        try:
            _check(agent, aim, facts)
        except (InvalidMessage, NotFound):
            object_storage.delete(upload.storage_key)
            raise
    with transaction(agent.scope) as session:
        attachment_id = uploads.record(session, upload, agent.id)
    return {"id": attachment_id, "mime": upload.mime_type, "size": upload.size}


def _check(agent: CurrentAgent, aim: _For, file: FileFacts) -> None:
    """Raise `FileRefused` if the conversation's channel does not accept the file, `NotFound` without conversation."""
    with transaction(agent.scope) as session:
        visibility.require(session, agent, aim.conversation_id)
        conversation = session.get(Conversation, aim.conversation_id)
        if conversation is None:
            raise NotFound(f"No conversation {aim.conversation_id}.")
        channel_id = conversation.channel_id
    channel(channel_id).check_file("file", aim.kind or uploads.kind_of(file.mime_type), file)


async def download(request: Request) -> Response:
    """Serve a stored file; `m` is its message. 404 if missing, not downloaded yet, or not visible to the agent."""
    message_id = row_number(request.query_params.get("m", ""))
    token, attachment_id = request.cookies.get(COOKIE, ""), request.path_params["attachment_id"]
    opened = await to_thread.run_sync(_open, token, attachment_id, message_id)
    if opened is None:
        return PlainTextResponse("No such file.", 404)
    shown = opened.mime_type in _SHOWN
    headers = {
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(opened.filename)}",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, max-age=3600",
    }
    content, status = opened.content, 200
    if opened.size is not None:
        first, length = 0, opened.size
        if wanted := _wanted(request.headers.get("range", ""), opened.size):
            status, (first, length) = 206, wanted
            headers["content-range"] = f"bytes {first}-{first + length - 1}/{opened.size}"
            content = _part(content, first, length)
        headers |= {"content-length": str(length), "accept-ranges": "bytes"}
    return StreamingResponse(
        content, status, headers=headers, media_type=opened.mime_type if shown else "application/octet-stream"
    )


def _wanted(asked: str, size: int) -> tuple[int, int] | None:
    """Return start and length of the requested range, which media players use to seek (RFC 9110, 14.2).

    None for other Range headers, which may be answered with the whole file.
    """
    match = _RANGE.fullmatch(asked)
    if match is None or int(match[1]) >= size:
        return None
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    return (first, last - first + 1) if first <= last else None


def _part(content: Iterator[bytes], first: int, length: int) -> Iterator[bytes]:
    for piece in content:
        if first < len(piece):
            part = piece[first : first + length]
            length -= len(part)
            yield part
            if not length:
                return
        first = max(0, first - len(piece))


def _open(token: str, attachment_id: int, message_id: int | None) -> _Opened | None:
    agent = _who(token)
    if agent is None:
        return None
    with transaction(agent.scope) as session:
        try:
            visibility.require_file(session, agent, attachment_id, message_id)
        except NotFound:
            return None
        file = session.get(Attachment, attachment_id)
    if file is None or file.state != FileState.STORED or file.storage_key is None:
        return None
    content = object_storage.read(file.storage_key)
    try:
        first = next(content, b"")  # before the response starts, while a missing file can still set the status
    except FileNotFoundError:
        return None
    mime_type = (file.mime_type or "").partition(";")[0].strip().lower()
    return _Opened(chain([first], content), mime_type, file.filename or f"file-{file.id}", file.size)
