"""Shared by the API's blueprints: authorization and the check of JSON bodies."""

from __future__ import annotations

from http import HTTPStatus

from flask import request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from werkzeug.exceptions import BadRequest

from webhook_app.api import auth, errors

SECURITY_SCHEME = "key"
MULTIPART = "multipart/form-data"
_LARGEST_JSON = 1024 * 1024


def blueprint(name: str, about: str) -> APIBlueprint:
    """Create a blueprint whose routes require a key."""
    made = APIBlueprint(
        name,
        __name__,
        abp_tags=[Tag(name=name, description=about)],
        abp_security=[{SECURITY_SCHEME: []}],
        abp_responses=errors.RESPONSES,
    )
    made.before_request(auth.authorize)
    made.before_request(_read_json)
    return made


def _read_json() -> None:
    """Refuse a body that is not a JSON object, before any schema is applied."""
    if request.method not in ("POST", "PUT") or request.mimetype == MULTIPART:
        return
    request.max_content_length = _LARGEST_JSON
    if not request.get_data():
        return
    if not request.is_json:
        detail = "Send the body as application/json."
        raise errors.Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", detail)
    try:
        document = request.get_json()
    except (BadRequest, RecursionError):
        raise errors.Problem(HTTPStatus.BAD_REQUEST, "not_json", "The body is not JSON.") from None
    if not isinstance(document, dict):
        raise errors.invalid([{"field": "body", "reason": "must be a JSON object"}])
