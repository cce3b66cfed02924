"""Security headers and same-origin checks of the console."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.http import document
from core.platform.config import get_settings

COOKIE = "bothub_session"
PAGES = frozenset(
    {"/"} | {f"/{page.parent.name}" for page in (Path(__file__).parents[1] / "app_pages").glob("*/page.py")}
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def same_origin(connection: HTTPConnection) -> bool:
    """Return whether the request comes from our own pages. Writes without an Origin header are rejected.

    Our pages are those of the host that was asked, and of the public address: a proxy may ask for another host.
    """
    origin = urlsplit(connection.headers.get("origin", "")).netloc
    return bool(origin) and origin in (connection.headers.get("host"), public_address().netloc)


def public_address() -> SplitResult:
    """Return the console's public address; empty if none is set."""
    return urlsplit(get_settings().console_address)


def cookie_is_secure(connection: HTTPConnection) -> bool:
    """Return whether the cookie is TLS-only: always, except on loopback."""
    if connection.url.scheme in ("https", "wss"):
        return True
    host = connection.headers.get("host", "").rsplit(":", 1)[0]
    return get_settings().public_url.startswith("https://") and host not in _LOOPBACK


@lru_cache(maxsize=1)
def content_policy() -> str:
    """Return a Content-Security-Policy that Streamlit works with.

    Its document has inline scripts (allowed by their hashes) and styles, and runs components from blob: URLs.
    """
    inline = re.findall(r"<script>(.*?)</script>", document.source(), re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in inline)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class Headers:
    """Middleware that adds security headers a response does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", content_policy())
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("x-frame-options", "DENY")
                # Not "no-referrer": with it browsers send "Origin: null" on our own forms.
                headers.setdefault("referrer-policy", "same-origin")
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def sign_in_address(scope: Scope) -> str:
    """Return the sign-in URL with this request's path as its target."""
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = scope["path"] + (f"?{query}" if query else "")
    return "/auth/login" if wanted == "/" else f"/auth/login?next={quote(wanted, safe='/')}"


def own_page(address: str) -> str:
    """Return the URL if it is one of our own pages, else the first page."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not parts.netloc and parts.path in PAGES
    return address if ours and address.isascii() and address.isprintable() else "/"


class SignInFirst:
    """Middleware that redirects browsers without a cookie to sign-in before Streamlit loads. Pages do the check."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in PAGES and COOKIE not in HTTPConnection(scope).cookies:
            await RedirectResponse(sign_in_address(scope), 303)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
