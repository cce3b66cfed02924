"""Windows of the console without a browser: they say to its server what a browser's page says, and draw nothing.

Fifty windows of Chromium would need more than the machine on which the server is measured.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_OPENING_SECONDS = 60


class _Window:
    """An agent's page with a conversation open."""

    def __init__(self, http: aiohttp.ClientSession, url: str, talk: int) -> None:
        self._http, self._url, self._talk = http, url, talk
        self._drawn = asyncio.Event()

    async def run(self, ready: asyncio.Semaphore) -> None:
        async with (
            self._http.ws_connect(f"{self._url}/_stcore/stream", protocols=("streamlit",), max_msg_size=0) as stream,
            asyncio.TaskGroup() as tasks,
        ):
            hearing = tasks.create_task(self._hear(stream))
            await stream.send_bytes(self._wanted())
            await self._drawn.wait()
            await self._get("rows")
            await self._read()
            async with self._http.ws_connect(f"{self._url}/live") as live:
                await live.send_json({"looking": self._talk, "typing": False})
                ready.release()
                async for said in live:
                    if isinstance(json.loads(said.data), list):
                        await self._read()
            hearing.cancel()

    def _wanted(self) -> bytes:
        """Return what asks for a run of the script."""
        asked = BackMsg()
        run = asked.rerun_script
        run.query_string = f"c={self._talk}"
        run.context_info.timezone, run.context_info.locale, run.context_info.url = "UTC", "en-US", f"{self._url}/"
        run.widget_states.SetInParent()
        wanted: bytes = asked.SerializeToString()
        return wanted

    async def _hear(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in stream:
            if ForwardMsg.FromString(frame.data).WhichOneof("type") == "script_finished":
                self._drawn.set()

    async def _read(self) -> None:
        """As desk.js does. What moves in the list costs the server no more than telling it."""
        found = await self._get(f"{self._talk}?lines=60")
        if found["head"]["unread"]:
            seen = self._http.post(f"{self._url}/inbox/{self._talk}/seen", json={"key": str(uuid4())})
            async with seen as answer:
                answer.raise_for_status()

    async def _get(self, what: str) -> dict[str, Any]:
        async with self._http.get(f"{self._url}/inbox/{what}") as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
        return found


@contextmanager
def open_windows(url: str, token: str, talks: Sequence[int]) -> Iterator[None]:
    """One on each of the conversations, in a thread of their own. Raises `TimeoutError` when they do not open."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened = asyncio.run_coroutine_threadsafe(_open(url, token, talks), loop)
    http, windows = opened.result()
    try:
        yield
        asyncio.run_coroutine_threadsafe(_none_failed(windows), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(_close(http, windows), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(url: str, token: str, talks: Sequence[int]) -> tuple[aiohttp.ClientSession, list[asyncio.Task[None]]]:
    headers = {"cookie": f"bothub_session={token}", "origin": url}
    http = aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar())
    ready, windows = asyncio.Semaphore(0), []
    for talk in talks:
        windows.append(asyncio.create_task(_Window(http, url, talk).run(ready)))
        opening = asyncio.create_task(ready.acquire())
        await asyncio.wait([opening, windows[-1]], timeout=_OPENING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            await _close(http, windows)
            raise TimeoutError("A window did not open.")
    return http, windows


async def _none_failed(windows: list[asyncio.Task[None]]) -> None:
    for window in windows:
        if window.done():
            await window
            raise RuntimeError("The server closed a window.")


async def _close(http: aiohttp.ClientSession, windows: list[asyncio.Task[None]]) -> None:
    for window in windows:
        window.cancel()
    await asyncio.gather(*windows, return_exceptions=True)
    await http.close()
