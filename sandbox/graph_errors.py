"""Meta's error answer and the codes the stand-in uses (Meta, Cloud API, Error codes)."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse

TITLES = {
    1: "API Unknown",
    2: "API Service",
    4: "API Too Many Calls",
    10: "Permission Denied",
    33: "Parameter value is not valid",
    100: "Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    200: "Permissions error",
    368: "Temporarily blocked for policies violations",
    80007: "Rate limit issues",
    130429: "Rate limit hit",
    130472: "User's number is part of an experiment",
    130497: "Business account is restricted from messaging users in this country",
    131000: "Something went wrong",
    131005: "Access denied",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131030: "Recipient phone number not in allowed list",
    131031: "Business Account locked",
    131042: "Business eligibility payment issue",
    131045: "Incorrect certificate",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped receiving marketing messages",
    131051: "Unsupported message type",
    131052: "Media download error",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131057: "Account in maintenance mode",
    131062: "Business-scoped user ID recipients are not supported for this message",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132007: "Template format character policy violated",
    132012: "Parameter format does not match",
    132015: "Template is paused",
    132016: "Template is disabled",
    133006: "Please verify your phone number before registering",
    133005: "Two step verification PIN mismatch",
    133010: "Phone number not registered",
}
THROTTLES = frozenset({4, 80007, 130429, 131048, 131056})


class GraphError(Exception):
    """A refusal in Meta's words. `retry_after` is in seconds."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        status: int = 400,
        subcode: int | None = None,
        message: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.details = details
        self.status = status
        self.subcode = subcode
        self.message = message or f"(#{code}) {TITLES.get(code, 'Unknown error')}"
        self.retry_after = retry_after
        super().__init__(self.message)

    def response(self) -> JSONResponse:
        error: dict[str, Any] = {
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        return JSONResponse({"error": error}, self.status, headers)


async def graph_error(_: Request, error: Exception) -> JSONResponse:
    """Answer as Meta does for an error."""
    assert isinstance(error, GraphError)
    return error.response()


def unknown_object(node: str) -> GraphError:
    """Return Meta's error for an object that is not this account's."""
    return GraphError(
        100,
        subcode=33,
        message=f"Unsupported request. Object with ID '{node}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation",
    )


class GraphVersion(Convertor[str]):
    """A Graph version such as v26.0 in a path. OpenAI's `v1` has no dot, so the two never meet."""

    regex = r"v[0-9]+\.[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("graph", GraphVersion())
