"""The phone and the mail program: pages with their own scripts and styles, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob: https:; media-src 'self' blob:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


async def phone(_: Request) -> Response:
    return _page("index.html")


async def mail(_: Request) -> Response:
    return _page("mail.html")


def _page(name: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"}
    return FileResponse(STATIC / name, headers=headers)


ROUTES = [
    Route("/", phone, methods=["GET"]),
    Route("/mail", mail, methods=["GET"]),
    Mount("/sandbox/static", StaticFiles(directory=STATIC)),
]
