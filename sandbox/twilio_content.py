"""Twilio's Content API: the templates on file, as content with its approval."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.templates import placeholders
from sandbox.twilio_api import enter


async def list_content(request: Request) -> Response:
    """Twilio, Content API, ContentAndApprovals resource, v1: all on one page."""
    world = enter(request)
    contents = [
        {
            "sid": one.content_sid,
            "friendly_name": one.name,
            "language": one.language,
            "variables": dict.fromkeys(placeholders(one.body), ""),
            "types": {"twilio/text": {"body": one.body}},
            "approval_requests": {"name": one.name, "category": one.category, "status": one.status.lower()},
        }
        for one in world.templates.items
        if one.header_format == "TEXT"
    ]
    return JSONResponse({"contents": contents, "meta": {"key": "contents", "next_page_url": None}})


ROUTES = [Route("/v1/ContentAndApprovals", list_content, methods=["GET"])]
