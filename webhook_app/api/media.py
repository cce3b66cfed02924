"""Routes: upload a file for sending, download a file."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request
from werkzeug.datastructures import FileStorage

from core.accounts.api_keys import Scope
from core.messaging.attachments import uploads
from core.platform.db import transaction
from webhook_app.api import blueprint, errors
from webhook_app.api.auth import caller, needs
from webhook_app.api.schemas import MediaPath, UploadForm, UploadOut

api = blueprint.blueprint("media", "Files of messages")

_MULTIPART_OVERHEAD = 64 * 1024  # what multipart adds around a file
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_MAX_NAME = 240  # Meta, Cloud API reference, Messages: a document's filename


@api.before_request
def _allow_large_files() -> None:
    request.max_content_length = uploads.LARGEST_FILE + _MULTIPART_OVERHEAD


@api.post("/api/v1/media", responses={201: UploadOut})
@needs(Scope.MESSAGES_WRITE)
def upload_media(form: UploadForm) -> tuple[dict[str, Any], int]:
    """Hand in a file, to be named by messages as `media.attachment_id`.

    At most 16 MB for pictures, sound and video, 100 MB for documents. The type is detected from the content.
    """
    who, file = caller(), form.file
    if not isinstance(file, FileStorage):
        raise errors.invalid([{"field": "file", "reason": "must be a file, not a text"}])
    upload = uploads.keep(who.business_id, file.stream, file.mimetype, _name(file.filename))
    with transaction(who.scope) as session:
        attachment_id = uploads.record(session, upload)
    return UploadOut(id=attachment_id, mime_type=upload.mime_type, size=upload.size).model_dump(), 201


@api.get(
    "/api/v1/media/<int:media_id>",
    responses={200: {"description": "The file.", "content": {"*/*": {"schema": {"type": "string"}}}}},
)
@needs(Scope.MESSAGES_READ)
def get_media(path: MediaPath) -> Response:
    """A file's content, always as a download: customers' files must not run in a browser."""
    who = caller()
    with transaction(who.scope) as session:
        file = uploads.stored_file(session, path.media_id)
    response = Response(uploads.content(file), content_type=file.mime_type)
    name = _name(file.filename) or f"file-{file.id}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    if file.size is not None:
        response.content_length = file.size
    return response


def _name(filename: str | None) -> str | None:
    """Return a file name without folders and control characters."""
    bare = _UNPRINTABLE.sub(" ", (filename or "").replace("\\", "/").rpartition("/")[2]).strip()
    return bare[-_MAX_NAME:] or None
