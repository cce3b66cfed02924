"""Streamlit's own addresses: signed-in people of our own pages only, and within bounds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from console.http import access
from console.http.security import COOKIE
from core.accounts import sessions
from core.platform.db import system_transaction
from core.platform.errors import StoreUnavailable
from tests.factories import person

HOST = "http://console.example"
STREAM = "ws://console.example/_stcore/stream"
ORIGIN = {"origin": HOST}
UPLOAD = "/_stcore/upload_file/some-session/some-file"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def browser(business, clock: Clock) -> TestClient:
    """A client of a framework that answers everybody, behind the gate."""

    async def anything(request: Request) -> PlainTextResponse:
        await request.body()
        return PlainTextResponse("framework")

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            try:
                await websocket.send_bytes(await websocket.receive_bytes())
            except WebSocketDisconnect:
                return

    app = Starlette(
        routes=[
            Route("/{path:path}", anything, methods=["GET", "PUT", "DELETE"]),
            WebSocketRoute("/_stcore/stream", stream),
        ],
        middleware=[Middleware(access.Gate, clock=clock)],
    )
    return TestClient(app, base_url=HOST)


def sign_in(browser: TestClient, business_id: int) -> str:
    token = person(business_id).token
    browser.cookies.set(COOKIE, token)
    return token


def connects(browser: TestClient, headers: dict[str, str]) -> bool:
    try:
        with browser.websocket_connect(STREAM, headers=headers) as socket:
            socket.send_bytes(b"x")
            return socket.receive_bytes() == b"x"
    except WebSocketDisconnect:
        return False


@pytest.mark.parametrize("origin", [None, "http://console.example:8130", "https://console.example", "null", HOST])
def test_the_stream_is_for_signed_in_people_of_our_own_pages(browser: TestClient, business, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    assert not connects(browser, headers)
    browser.cookies.set(COOKIE, "no-such-session")
    assert not connects(browser, headers)
    browser.cookies.clear()
    sign_in(browser, business.business_id)
    assert connects(browser, headers) is (origin in (HOST, "https://console.example"))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/_stcore/host-config"), ("GET", "/media/abc.png"), ("PUT", UPLOAD), ("DELETE", UPLOAD),
     ("GET", "/component/x/index.html"), ("GET", "/_stcore/bidi-components/x")],
)  # fmt: skip
def test_strangers_reach_nothing_of_the_framework(browser: TestClient, business, method: str, path: str) -> None:
    assert browser.request(method, path, headers=ORIGIN).status_code == 401
    sign_in(browser, business.business_id)
    assert browser.request(method, path, headers=ORIGIN).status_code == 200
    if method != "GET":
        assert browser.request(method, path, headers={"origin": "http://evil.example"}).status_code == 403


def test_anybody_may_ask_whether_it_lives_and_nobody_for_its_figures(browser: TestClient, business) -> None:
    assert browser.get("/_stcore/health").status_code == 200
    assert browser.get("/auth/login").status_code == 200
    sign_in(browser, business.business_id)
    assert browser.get("/_stcore/metrics").status_code == 404


def test_an_ended_session_is_refused_within_seconds(browser: TestClient, business, clock: Clock) -> None:
    token = sign_in(browser, business.business_id)
    assert browser.get("/media/a.png").status_code == 200
    with system_transaction() as session:
        sessions.end_session(session, token)
    clock.now += 4
    assert browser.get("/media/a.png").status_code == 401
    assert not connects(browser, ORIGIN)


def test_while_the_database_is_away_whoever_was_signed_in_stays_so(
    browser: TestClient, business, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(browser, business.business_id)
    assert connects(browser, ORIGIN)

    def away(token: str) -> bool:
        raise StoreUnavailable

    monkeypatch.setattr(access, "_is_live", away)
    clock.now += 60
    assert connects(browser, ORIGIN)
    browser.cookies.set(COOKIE, "somebody-else")
    assert not connects(browser, ORIGIN)


def test_a_session_has_so_many_sockets(browser: TestClient, business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_SOCKETS", 1)
    sign_in(browser, business.business_id)
    with browser.websocket_connect(STREAM, headers=ORIGIN):
        assert not connects(browser, ORIGIN)
    assert connects(browser, ORIGIN)


def test_a_session_uploads_so_much(
    browser: TestClient, business, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_UPLOADED", 25)
    sign_in(browser, business.business_id)

    def upload() -> int:
        return browser.put(UPLOAD, content=b"0123456789", headers=ORIGIN).status_code

    assert [upload(), upload(), upload()] == [200, 200, 429]
    clock.now += 601
    assert upload() == 200


def test_who_sends_faster_than_a_person_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert _received(1000, 1, lambda: 0.0) == 1000
    assert len(waited) == 1000 - 60
    assert max(waited) > 40, "each waits for those before it"
    waited.clear()
    assert _received(1000, 1, time.monotonic) == 1000 and waited
    with_pauses = iter(range(100_000))
    waited.clear()
    assert _received(1000, 1, lambda: float(next(with_pauses))) == 1000
    assert waited == [], "a message a second is a person's"
    assert _received(1, 1_000_001, lambda: 0.0) == 0


def _received(messages: int, size: int, clock: Callable[[], float]) -> int:
    async def receive() -> dict[str, object]:
        return {"type": "websocket.receive", "bytes": b"x" * size}

    async def drain() -> int:
        paced = access._Paced(receive, clock)
        return sum([(await paced())["type"] == "websocket.receive" for _ in range(messages)])

    with ThreadPoolExecutor(1) as elsewhere:  # the thread of a browser's driver has a loop already
        return elsewhere.submit(asyncio.run, drain()).result()
