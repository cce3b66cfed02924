"""Live push: one LISTEN connection for the process, and a websocket to every open browser.

A browser is told which of its business's conversations changed, never what is in them; its page then reads them again.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
import structlog
from anyio import to_thread
from psycopg.conninfo import make_conninfo
from starlette.websockets import WebSocket, WebSocketDisconnect

from console.security import COOKIE, same_origin
from core import live
from core.config import get_settings
from core.db import system_transaction
from core.people import sessions
from core.people.sessions import CurrentAgent

log = structlog.get_logger(__name__)

EVERYTHING = 0  # in place of a conversation's id: something may have been missed
SIGNED_OUT = 4401  # the close code after which a browser reloads
_TOGETHER_SECONDS = 0.15  # changes that come in quick succession are told in one go
_RECHECK_SECONDS = 30
_RECONNECT_SECONDS = 1
# A listener says nothing itself: without these it would not notice for hours that its server is gone.
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


@dataclass(eq=False, slots=True)
class _Browser:
    business_id: int
    changed: set[int] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, conversation_id: int) -> None:
        self.changed.add(conversation_id)
        self.news.set()


_browsers: set[_Browser] = set()


async def listen() -> None:
    """Pass notifications on for as long as the process lives. Needs a direct connection: a pooler loses LISTEN."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                make_conninfo(get_settings().database_url, **_KEEPALIVE), autocommit=True, connect_timeout=5
            ) as connection:
                await connection.execute(f"LISTEN {live.TOPIC}")
                for browser in list(_browsers):
                    browser.tell(EVERYTHING)
                async for notification in connection.notifies():
                    if change := live.parse(notification.payload):
                        _pass_on(change)
        except (psycopg.Error, OSError) as error:
            log.warning("listener_lost", error=type(error).__name__)
        await asyncio.sleep(_RECONNECT_SECONDS)


def _pass_on(change: live.Change) -> None:
    for browser in list(_browsers):
        if browser.business_id == change.business_id:
            browser.tell(change.conversation_id)


async def socket(websocket: WebSocket) -> None:
    """One browser. It is closed when its session ends."""
    token = websocket.cookies.get(COOKIE, "")
    agent = await to_thread.run_sync(_agent, token) if same_origin(websocket) else None
    if agent is None:
        await websocket.accept()  # a browser is told the close code of an accepted socket only
        await websocket.close(SIGNED_OUT)
        return
    browser = _Browser(agent.business_id)
    _browsers.add(browser)
    try:
        await websocket.accept()
        sending = asyncio.create_task(_send(websocket, browser, token))
        try:
            await _until_closed(websocket)
        finally:
            sending.cancel()
    finally:
        _browsers.discard(browser)


async def _until_closed(websocket: WebSocket) -> None:
    """A browser has nothing to say here; hearing it is how its leaving is noticed."""
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()


async def _send(websocket: WebSocket, browser: _Browser, token: str) -> None:
    checked = time.monotonic()
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(browser.news.wait(), _RECHECK_SECONDS)
        if time.monotonic() - checked >= _RECHECK_SECONDS:
            if await to_thread.run_sync(_agent, token) is None:
                await websocket.close(SIGNED_OUT)
                return
            checked = time.monotonic()
        if browser.changed:
            changed, browser.changed = sorted(browser.changed), set()
            browser.news.clear()
            try:
                await websocket.send_json(changed)
            except WebSocketDisconnect:
                return
            await asyncio.sleep(_TOGETHER_SECONDS)


def _agent(token: str) -> CurrentAgent | None:
    with system_transaction() as session:
        return sessions.session_agent(session, token)
