"""Errors of the API: application/problem+json (RFC 9457) with a `code` for programs and a `detail` for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, jsonify
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.channels.types import InvalidMessage
from core.platform import faults
from core.platform.errors import BotHubError, Conflict, Invalid, NotFound, StoreUnavailable, Unavailable

log = structlog.get_logger(__name__)

_RETRY_AFTER_SECONDS = "5"


class FieldError(BaseModel):
    """`field` is the path of the faulty part, as in `media.link`."""

    field: str
    reason: str


class ProblemBody(BaseModel):
    """What was wrong. `errors` comes with 422, one entry for each fault."""

    type: str
    title: str
    status: int
    detail: str
    code: str | None = None
    errors: list[FieldError] | None = None


class Problem(Exception):
    """An error response of the API."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.errors = errors
        self.headers = headers or {}


_STATUSES: Mapping[type[BotHubError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def _documented(meaning: str) -> dict[str, Any]:
    return {
        "description": meaning,
        "content": {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}}},
    }


# Possible answers of every call; the OpenAPI document lists them beside each call's own.
RESPONSES: dict[str | int | HTTPStatus, Any] = {
    400: _documented("The body is not JSON."),
    401: _documented("No key, or one that is unknown or revoked."),
    403: _documented("The key lacks the scope this call needs."),
    404: _documented("There is no such thing in this business."),
    409: _documented("Not possible in the present state: window closed, opted out, conversation closed."),
    413: _documented("The body is too large."),
    415: _documented("The body is of another type than this call takes."),
    422: _documented("Something in the request is wrong: `errors` names each part."),
    429: _documented("Too many requests with this key: wait for Retry-After seconds."),
    503: _documented("The database does not answer now: try again after Retry-After seconds."),
}


def register(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(Problem, _problem_response)
    app.register_error_handler(BotHubError, _domain_error)
    app.register_error_handler(InvalidMessage, _invalid_message)
    for unreachable in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(unreachable, _unreachable)


def invalid_request(error: ValidationError) -> Response:
    """Return the 422 for a path, query or body that does not fit its schema."""
    found: dict[str, str] = {}  # a union reports a fault for each of its members
    for fault in error.errors(include_url=False, include_input=False):
        found.setdefault(".".join(str(step) for step in fault["loc"]) or "body", faults.reason(fault))
    errors = [{"field": field, "reason": reason} for field, reason in found.items()]
    return _problem_response(invalid(errors))


def invalid(errors: Sequence[Mapping[str, str]]) -> Problem:
    """Return a 422 that names each faulty field."""
    detail = "; ".join(f"{error['field']}: {error['reason']}" for error in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=errors)


def _problem_response(problem: Problem) -> Response:
    body: dict[str, Any] = {
        "type": f"urn:bothub:problem:{problem.code}",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": str(problem),
        "code": problem.code,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    response = jsonify(body)
    response.status_code = problem.status.value
    response.content_type = "application/problem+json"
    response.headers.update(problem.headers)
    return response


def _domain_error(error: BotHubError) -> Response:
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            headers = {"Retry-After": _RETRY_AFTER_SECONDS} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
            return _problem_response(Problem(status, error.code, str(error), headers=headers))
    raise error


def _invalid_message(error: InvalidMessage) -> Response:
    return _problem_response(invalid([{"field": error.field, "reason": error.reason}]))


def _unreachable(error: Exception) -> Response:
    log.error("database_unreachable", error=type(error).__name__)
    return _domain_error(
        StoreUnavailable("The database does not answer now. Nothing was changed; try again in a moment.")
    )
