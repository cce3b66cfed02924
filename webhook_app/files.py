"""Files for a provider that fetches them: `GET /api/files/<token>/<name>`. The signed link is the authorization."""

from __future__ import annotations

from flask import Flask, Response, abort

from core.messaging.attachments import links, uploads
from core.platform.db import transaction
from core.platform.errors import NotFound


def register(app: Flask) -> None:
    """Add the route."""
    app.add_url_rule(f"{links.PATH}/<token>/<name>", view_func=get_file, methods=["GET"])


def get_file(token: str, name: str) -> Response:
    """Return the file of a signed link: 404 for an invalid link or a missing file, 410 for an expired link."""
    linked = links.read(token)
    if linked is None:
        abort(404)
    if linked.expired:
        abort(410)
    try:
        with transaction(linked.business_id) as session:
            file = uploads.stored_file(session, linked.attachment_id)
        content = uploads.content(file)
    except NotFound:
        abort(404)
    response = Response(content, content_type=file.mime_type)
    # Twilio shows this name, and takes it from here (Accepted content types for media).
    shown = links.plain_name(file.filename or f"file-{file.id}")
    response.headers["Content-Disposition"] = f'inline; filename="{shown}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    if file.size is not None:
        response.content_length = file.size
    return response
