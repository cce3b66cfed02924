"""Live updates: one LISTEN connection per process and a websocket per browser.

A browser receives its business's changes: a change of the open conversation, which its page reads again, and list
rows, read once for all browsers (`console.http.change_feed`). It sends which conversation is open, and receives who
else has it open.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from anyio import to_thread
from psycopg.conninfo import make_conninfo
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from console.db import system_transaction, transaction
from console.http import change_feed
from console.http.change_feed import News
from console.http.security import COOKIE, same_origin
from core.accounts import sessions, visibility
from core.accounts.sessions import CurrentAgent
from core.models import Sees
from core.platform import events
from core.platform.config import get_settings
from core.platform.errors import StoreUnavailable

log = structlog.get_logger(__name__)

EVERYTHING = 0  # instead of a conversation id: changes may have been missed
SIGNED_OUT = 4401  # close code: the browser goes to the sign-in page
_TOGETHER_SECONDS = 0.15  # changes within this time are sent together
_RECHECK_SECONDS = 30
_RECONNECT_SECONDS = 1
_PRESENT_SECONDS = 10  # presence expires after this
_LISTEN_EVERY_SECONDS = 2  # messages of a browser are read at most this often
_MAX_CHARS = 200  # characters of a browser's message
# A listener sends nothing itself: without keepalives it would not notice a lost server for hours.
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


@dataclass(eq=False, slots=True)
class _Browser:
    agent: CurrentAgent
    looking: int | None = None  # a conversation's id
    changed: set[int] = field(default_factory=set)
    moved: dict[int, dict[str, Any]] = field(default_factory=dict)  # list rows, by conversation
    counted: News | None = None  # latest counts
    announced: set[int] = field(default_factory=set)  # ids announced since its last rows, to be read again
    called: set[int] = field(default_factory=set)  # conversations that need this agent's attention
    met: dict[int, events.Presence] = field(default_factory=dict)  # presence to send, by agent id
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, conversation_id: int) -> None:
        self.changed.add(conversation_id)
        self.announced.add(conversation_id)
        self.news.set()

    def read_again(self) -> None:
        """Have the page read everything, instead of news read for what the agent saw before."""
        self.moved, self.counted, self.called = {}, None, set()
        self.tell(EVERYTHING)

    def call(self, conversation_id: int) -> None:
        self.called.add(conversation_id)
        self.news.set()

    def show(self, read: News | None) -> None:
        if read:
            self.moved |= read.rows_of(self.agent.id)
            self.counted = read
        self.news.set()

    def meet(self, colleague: events.Presence) -> None:
        self.met[colleague.agent_id] = colleague
        self.news.set()

    def look(self, conversation_id: int | None, *, typing: bool) -> None:
        """Publish which conversation this agent has open, and send this browser who else has it open."""
        if self.looking is not None and self.looking != conversation_id:
            events.publish_presence(self._presence(self.looking, here=False))
        moved, self.looking = self.looking != conversation_id, conversation_id
        if conversation_id is None:
            return
        events.publish_presence(self._presence(conversation_id, typing=typing))
        for colleague in _present(self.agent.business_id, conversation_id) if moved else ():
            if colleague.agent_id != self.agent.id:
                self.meet(colleague)

    def _presence(self, conversation_id: int, *, typing: bool = False, here: bool = True) -> events.Presence:
        agent = self.agent
        return events.Presence(agent.business_id, conversation_id, agent.id, agent.name[:_MAX_CHARS], typing, here)


_browsers: set[_Browser] = set()
_moving: dict[int, dict[int, bool]] = {}  # by business: conversations to read, and whether they need an agent
_reading: dict[int, asyncio.Task[None]] = {}  # by business
_seen: dict[tuple[int, int, int], tuple[float, events.Presence]] = {}  # by business, conversation and agent


async def listen() -> None:
    """Forward notifications while the process lives. Needs a direct connection: poolers break LISTEN."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                make_conninfo(get_settings().database_url, **_KEEPALIVE), autocommit=True, connect_timeout=5
            ) as connection:
                await connection.execute(f"LISTEN {events.TOPIC}")
                for browser in list(_browsers):
                    browser.tell(EVERYTHING)
                async for notification in connection.notifies():
                    match events.parse(notification.payload):
                        case events.Change() as change:
                            _pass_on(change)
                        case events.Presence() as presence:
                            _introduce(presence)
        except (psycopg.Error, OSError) as error:
            log.warning("listener_lost", error=type(error).__name__)
        await asyncio.sleep(_RECONNECT_SECONDS)


def _pass_on(change: events.Change) -> None:
    there = _of_business(change.business_id)
    for browser in there:
        if change.conversation_id in (EVERYTHING, browser.looking):
            browser.tell(change.conversation_id)
        # Whoever does not see everything hears of it once it is known what they see (`_show_moved`).
        anybody = change.needs_agent == events.ALL_AGENTS and browser.agent.sees is Sees.ALL
        if anybody or change.needs_agent == browser.agent.id:
            browser.call(change.conversation_id)
    if there and change.conversation_id != EVERYTHING:
        _move(change.business_id, change.conversation_id, calls=change.needs_agent == events.ALL_AGENTS)


def _move(business_id: int, conversation_id: int, *, calls: bool) -> None:
    moving = _moving.setdefault(business_id, {})
    moving[conversation_id] = calls or moving.get(conversation_id, False)
    if business_id not in _reading:
        _reading[business_id] = asyncio.create_task(_show_all_moved(business_id))


async def _show_all_moved(business_id: int) -> None:
    """Read and send changes in batches, one after the other: an older row never comes after a newer one."""
    try:
        while business_id in _moving:
            await asyncio.sleep(_TOGETHER_SECONDS)
            await _show_moved(business_id, _moving.pop(business_id))
    finally:
        del _reading[business_id]


async def _show_moved(business_id: int, moved: Mapping[int, bool]) -> None:
    limited = {browser.agent.id for browser in _of_business(business_id) if browser.agent.sees is not Sees.ALL}
    try:
        read = await to_thread.run_sync(change_feed.read, business_id, moved.keys(), limited)
    except StoreUnavailable:
        log.warning("news_not_read", business_id=business_id)
        read = None
    unknown = moved.keys() - (read.rows.keys() if read else set())
    for browser in _of_business(business_id):
        if browser.agent.sees is not Sees.ALL and browser.agent.id not in limited:
            browser.read_again()  # connected, or limited, while this was read for those who see everything
            continue
        browser.changed |= unknown
        browser.show(read)
        if browser.agent.sees is not Sees.ALL and read:
            for calling in (one for one, calls in moved.items() if calls and read.is_seen(browser.agent.id, one)):
                browser.call(calling)


def _of_business(business_id: int) -> list[_Browser]:
    return [browser for browser in _browsers if browser.agent.business_id == business_id]


def _introduce(who: events.Presence) -> None:
    """Send presence to the others with the same conversation open."""
    key = (who.business_id, who.conversation_id, who.agent_id)
    if who.here:
        _seen[key] = (time.monotonic(), who)
    else:
        _seen.pop(key, None)
    for browser in list(_browsers):
        there = (browser.agent.business_id, browser.looking) == (who.business_id, who.conversation_id)
        if there and browser.agent.id != who.agent_id:
            browser.meet(who)


def _present(business_id: int, conversation_id: int) -> list[events.Presence]:
    """Return who is present in a conversation, and drop expired entries."""
    since = time.monotonic() - _PRESENT_SECONDS
    for key in [key for key, (at, _) in _seen.items() if at < since]:
        del _seen[key]
    return [
        who for (business, talk, _), (_, who) in _seen.items() if (business, talk) == (business_id, conversation_id)
    ]


async def socket(websocket: WebSocket) -> None:
    """Serve one browser. The socket is closed when its session ends."""
    token = websocket.cookies.get(COOKIE, "")
    agent = await to_thread.run_sync(_agent, token) if same_origin(websocket) else None
    if agent is None:
        await websocket.accept()  # browsers see the close code of accepted sockets only
        await websocket.close(SIGNED_OUT)
        return
    browser = _Browser(agent)
    _browsers.add(browser)
    try:
        await websocket.accept()
        sending = asyncio.create_task(_send(websocket, browser, token))
        try:
            await _receive(websocket, browser)
        finally:
            sending.cancel()
            browser.look(None, typing=False)
    finally:
        _browsers.discard(browser)


async def _receive(websocket: WebSocket, browser: _Browser) -> None:
    """Read messages until the browser disconnects. The agent is always the session's."""
    with suppress(WebSocketDisconnect):
        while websocket.application_state == WebSocketState.CONNECTED:
            match _parse(await websocket.receive_text()):
                case {"looking": int() | None as conversation_id, "typing": bool(typing)}:
                    looking = await to_thread.run_sync(_seen_by, browser.agent, conversation_id)
                    browser.look(looking, typing=typing)
            await asyncio.sleep(_LISTEN_EVERY_SECONDS)


def _parse(message: str) -> object:
    """Parse a browser's message; None if it is too long or no JSON."""
    try:
        return json.loads(message) if len(message) <= _MAX_CHARS else None
    except ValueError:
        return None


async def _send(websocket: WebSocket, browser: _Browser, token: str) -> None:
    checked = time.monotonic()
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(browser.news.wait(), _RECHECK_SECONDS)
        if time.monotonic() - checked >= _RECHECK_SECONDS:
            agent = await to_thread.run_sync(_agent, token)
            if agent is None:
                await websocket.close(SIGNED_OUT)
                return
            if agent.sees is not browser.agent.sees:
                browser.read_again()
            browser.agent = agent
            checked = time.monotonic()
        if browser.news.is_set():
            browser.news.clear()
            try:
                await _send_news(websocket, browser)
            except WebSocketDisconnect:
                return
            await asyncio.sleep(_TOGETHER_SECONDS)


async def _send_news(websocket: WebSocket, browser: _Browser) -> None:
    """Send pending news: a list of conversation ids to read again; objects with list rows, calls or presence."""
    if browser.changed:
        changed, browser.changed = sorted(browser.changed), set()
        await websocket.send_json(changed)
    if read := browser.counted:
        rows, browser.moved, browser.counted = list(browser.moved.values()), {}, None
        counts = read.counts.of(browser.agent.id)
        announced, browser.announced = sorted(browser.announced), set()
        await websocket.send_json({"rows": rows, "counts": counts, "told": announced})
    if browser.called:
        called, browser.called = sorted(browser.called), set()
        await websocket.send_json({"calls": called})
    met, browser.met = list(browser.met.values()), {}
    for who in met:
        await websocket.send_json(
            {
                "conversation": who.conversation_id,
                "agent": who.agent_id,
                "name": who.name,
                "typing": who.typing,
                "here": who.here,
            }
        )


def _agent(token: str) -> CurrentAgent | None:
    with system_transaction() as session:
        return sessions.session_agent(session, token)


def _seen_by(agent: CurrentAgent, conversation_id: int | None) -> int | None:
    """Return the conversation if the agent may see it; None if not, or if the database is unavailable."""
    if conversation_id is None or agent.sees is Sees.ALL:
        return conversation_id
    try:
        with transaction(agent.scope) as session:
            return conversation_id if visibility.sees(session, agent, conversation_id) else None
    except StoreUnavailable:
        return None
