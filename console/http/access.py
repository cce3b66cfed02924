"""Access control for Streamlit's own endpoints: signed-in agents, same origin, rate limits.

Streamlit serves anybody: its websocket runs the script for every client, its upload endpoint stores every file. This
middleware rejects clients without a session before Streamlit sees the request, and limits each session.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

import structlog
from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.db import system_transaction
from console.http.security import COOKIE, same_origin
from core.accounts import sessions
from core.platform.errors import StoreUnavailable

log = structlog.get_logger(__name__)

_GUARDED = ("/_stcore/", "/media/", "/component/")
_FOR_ALL = frozenset({"/_stcore/health", "/_stcore/script-health-check"})  # health checks of proxies; return "ok"
_FOR_NOBODY = frozenset({"/_stcore/metrics"})
_UPLOAD = "/_stcore/upload_file/"

_SOCKETS = 30  # open at once per session: a person's tabs
_MESSAGES_A_SECOND, _MESSAGES_AT_ONCE = 20.0, 60.0  # per socket; a browser sends a few per click
_LARGEST_MESSAGE = 1_000_000  # bytes
_UPLOADED, _UPLOADED_WITHIN = 200_000_000, 600.0  # bytes per session and number of seconds
_KNOWN_FOR = 3.0  # seconds for which a session check is cached
_KNOWN_WITHOUT_STORE = 900.0  # while the database is unavailable, cached sessions stay valid this long
_MOST_KNOWN = 5_000


@dataclass(slots=True)
class _Known:
    """Cached result of a session check."""

    live: bool
    at: float


@dataclass(slots=True)
class _Uploads:
    """Recent uploads of a session: times and bytes."""

    sizes: deque[tuple[float, int]] = field(default_factory=deque)

    def admit(self, size: int, now: float) -> bool:
        while self.sizes and self.sizes[0][0] < now - _UPLOADED_WITHIN:
            self.sizes.popleft()
        if sum(kept for _, kept in self.sizes) + size > _UPLOADED:
            return False
        self.sizes.append((now, size))
        return True


class Gate:
    """Middleware in front of Streamlit's own endpoints."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._sockets: Counter[bytes] = Counter()
        self._uploads: OrderedDict[bytes, _Uploads] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] not in ("http", "websocket") or not path.startswith(_GUARDED) or path in _FOR_ALL:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._stream(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an HTTP request. Writes must be same-origin."""
        connection = HTTPConnection(scope)
        key = _key(connection)
        reads = scope["method"] in ("GET", "HEAD", "OPTIONS")
        if scope["path"] in _FOR_NOBODY:
            refusal = PlainTextResponse("Not found.", 404)
        elif not await self._signed_in(connection, key):
            refusal = PlainTextResponse("Sign in first.", 401)
        elif not reads and not same_origin(connection):
            refusal = PlainTextResponse("This did not come from the console's own page.", 403)
        elif scope["path"].startswith(_UPLOAD) and scope["method"] == "PUT" and not self._may_upload(connection, key):
            refusal = PlainTextResponse("Too much was uploaded in too short a time; try again later.", 429)
        else:
            await self.app(scope, receive, send)
            return
        await refusal(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        key = _key(connection)
        if not same_origin(connection) or not await self._signed_in(connection, key):
            log.info("stream_refused")
            await _refuse(receive, send)
            return
        if self._sockets[key] >= _SOCKETS:
            log.warning("too_many_sockets")
            await _refuse(receive, send)
            return
        self._sockets[key] += 1
        try:
            await self.app(scope, _Paced(receive, self._clock), send)
        finally:
            self._sockets[key] -= 1
            if not self._sockets[key]:
                del self._sockets[key]

    def _may_upload(self, connection: HTTPConnection, key: bytes) -> bool:
        """Count the request's Content-Length, which the server enforces, against the session's upload limit."""
        length = connection.headers.get("content-length", "")
        if not length.isdigit() or len(length) > 12:
            return False
        uploads = self._uploads.setdefault(key, _Uploads())
        self._uploads.move_to_end(key)
        while len(self._uploads) > _MOST_KNOWN:
            self._uploads.popitem(last=False)
        return uploads.admit(int(length), self._clock())

    async def _signed_in(self, connection: HTTPConnection, key: bytes) -> bool:
        """Return whether the cookie belongs to a live session; cached for a few seconds."""
        token = connection.cookies.get(COOKIE, "")
        if not token:
            return False
        known, now = self._known.get(key), self._clock()
        if known is not None and now - known.at < _KNOWN_FOR:
            return known.live
        try:
            live = await to_thread.run_sync(_is_live, token)
        except StoreUnavailable:
            return known is not None and known.live and now - known.at < _KNOWN_WITHOUT_STORE
        self._known[key] = _Known(live, now)
        self._known.move_to_end(key)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return live


class _Paced:
    """Rate limit for a websocket's messages: excess messages stay unread until allowed."""

    def __init__(self, receive: Receive, clock: Callable[[], float]) -> None:
        self._receive = receive
        self._clock = clock
        self._left = _MESSAGES_AT_ONCE
        self._at = clock()

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        if len(message.get("bytes") or message.get("text") or "") > _LARGEST_MESSAGE:
            log.warning("message_too_large")
            return {"type": "websocket.disconnect", "code": 1009}
        now = self._clock()
        self._left = min(_MESSAGES_AT_ONCE, self._left + (now - self._at) * _MESSAGES_A_SECOND) - 1
        self._at = now
        if self._left < 0:
            await asyncio.sleep(-self._left / _MESSAGES_A_SECOND)
        return message


def _key(connection: HTTPConnection) -> bytes:
    """Return the hash under which a session token is cached."""
    return sha256(connection.cookies.get(COOKIE, "").encode()).digest()


async def _refuse(receive: Receive, send: Send) -> None:
    """Close before accepting the socket: the browser gets a 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008})


def _is_live(token: str) -> bool:
    with system_transaction() as session:
        return sessions.session_agent(session, token) is not None
