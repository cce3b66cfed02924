"""Windows of the console without a browser: they say to its server what a browser's page says, and draw nothing.

Fifty windows of Chromium would need more than the machine on which the server is measured.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_OPENING_SECONDS = 60
_EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"


class _Window:
    """An agent's page with a conversation open."""

    def __init__(self, http: aiohttp.ClientSession, url: str, talk: int) -> None:
        self._http, self._url, self._talk = http, url, talk
        self._triggers: dict[str, tuple[str, str]] = {}  # by name: a component's id, and its fragment's
        self._kept = BackMsg()  # the widgets of the list's head, as they are at first
        self._opened = asyncio.Event()

    async def run(self, ready: asyncio.Semaphore) -> None:
        async with (
            self._http.ws_connect(f"{self._url}/_stcore/stream", protocols=("streamlit",), max_msg_size=0) as stream,
            asyncio.TaskGroup() as tasks,
        ):
            self._stream = stream
            hearing = tasks.create_task(self._read())
            await self._ask()
            await self._opened.wait()
            async with self._http.ws_connect(f"{self._url}/live") as live:
                await live.send_json({"looking": self._talk, "typing": False})
                ready.release()
                async for said in live:
                    news = json.loads(said.data)
                    if isinstance(news, list):
                        await self._read_again()
            hearing.cancel()

    async def _read_again(self) -> None:
        """As bridge.js does. What moves in the list costs the server no more than telling it."""
        async with self._http.get(f"{self._url}/inbox/{self._talk}", params={"lines": 60}) as answer:
            found = await answer.json()
        if found["head"]["unread"]:
            await self._ask("open", {"conversation": self._talk, "unread": True, "clicks": 0, "draw": False})

    async def _read(self) -> None:
        async for frame in self._stream:
            said = ForwardMsg.FromString(frame.data)
            kind = said.WhichOneof("type")
            if kind == "new_session":
                self._page = said.new_session.page_script_hash
            elif kind == "delta":
                self._note(said)
            elif kind == "script_finished" and "rows" in self._triggers:
                self._opened.set()

    def _note(self, said: ForwardMsg) -> None:
        element = said.delta.new_element
        match element.WhichOneof("type"):
            case "bidi_component":
                data = json.loads(element.bidi_component.json or "{}")
                if data.keys() == {"name"}:
                    self._triggers[data["name"]] = (element.bidi_component.id, said.delta.fragment_id)
            case "text_input" if element.text_input.id.endswith("-q"):
                self._kept.rerun_script.widget_states.widgets.add(id=element.text_input.id, string_value="")
            case "button_group" if element.button_group.id.endswith("-view") and not self._opened.is_set():
                view = self._kept.rerun_script.widget_states.widgets.add(id=element.button_group.id)
                view.string_array_value.data.append(element.button_group.options[0].content)

    async def _ask(self, name: str | None = None, value: object = None) -> None:
        """For a run of the script or, with a trigger's name, of the fragment it stands in."""
        asked = BackMsg()
        run = asked.rerun_script
        run.query_string = f"c={self._talk}"
        run.context_info.timezone, run.context_info.locale, run.context_info.url = "UTC", "en-US", f"{self._url}/"
        run.widget_states.SetInParent()
        if name is not None:
            component, run.fragment_id = self._triggers[name]
            run.page_script_hash = self._page
            run.widget_states.CopyFrom(self._kept.rerun_script.widget_states)
            event = json.dumps([{"event": "pulled", "value": value}])
            run.widget_states.widgets.add(id=_EVENTS.format(component), json_trigger_value=event)
        await self._stream.send_bytes(asked.SerializeToString())


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
