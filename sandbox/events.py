"""Live news for the page, by server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

QUEUE_LIMIT = 500
KEEPALIVE_SECONDS = 15.0


class Events:
    """Tells every open page what happened. Costs nothing while no page is open."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str]] = set()

    @property
    def watched(self) -> bool:
        return bool(self._listeners)

    def tell(self, kind: str, data: Any) -> None:
        if not self._listeners:
            return
        line = f"event: {kind}\ndata: {json.dumps(data)}\n\n"
        for queue in self._listeners:
            if queue.full():  # a page that fell behind reads everything afresh
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait("event: reset\ndata: {}\n\n")
            else:
                queue.put_nowait(line)

    async def listen(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LIMIT)
        self._listeners.add(queue)
        try:
            yield "retry: 1000\n\nevent: hello\ndata: {}\n\n"
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), KEEPALIVE_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._listeners.discard(queue)
