"""A load client that costs little: raw non-blocking sockets, keep-alive, requests prebuilt as bytes, one thread.

Every answer is read to its end and looked at. A client that shares its cores with the server is part of what is
measured, so its own CPU time is told with each result.
"""

from __future__ import annotations

import math
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

_RECEIVE = 65536
_SILENCE_SECONDS = 15.0
_SEND_BUFFER = 4 * 1024 * 1024  # a whole request fits, so sending never waits


class NotAnswered(Exception):
    """Requests that should all have been acknowledged were not. The text says what came instead."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run. By request: `latencies` in seconds (nan without a 200), `sent_at` as unix time.

    `refused` counts what came instead of a 200.
    """

    seconds: float
    client_cpu: float
    latencies: list[float]
    sent_at: list[float]
    refused: Counter[str]

    @property
    def acknowledged(self) -> list[float]:
        return [latency for latency in self.latencies if not math.isnan(latency)]

    @property
    def per_second(self) -> float:
        return len(self.acknowledged) / self.seconds

    def checked(self) -> Run:
        """This run, if every request got its 200. Raises `NotAnswered`."""
        if self.refused:
            raise NotAnswered(", ".join(f"{times} × {what}" for what, times in self.refused.items()))
        return self


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket.socket
    buffer: bytes = b""
    length: int = 0  # of the last answer: the next one is most likely as long
    request: int = -1
    due: float = 0.0


class Client:
    """Keep-alive connections to one loopback port."""

    def __init__(self, port: int, connections: int) -> None:
        self._address = ("127.0.0.1", port)
        self._selector = selectors.DefaultSelector()
        self._idle = deque(self._open() for _ in range(connections))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        self._selector.close()

    def saturate(self, requests: Sequence[bytes], *, seconds: float = math.inf) -> Run:
        """Send as fast as answers come, until all are sent or the time is over."""
        return self._run(requests, 0.0, seconds)

    def pace(self, requests: Sequence[bytes], per_second: float) -> Run:
        """Send at a steady rate whether or not answers come; latency counts from the moment a request was due."""
        return self._run(requests, 1 / per_second, math.inf)

    def _run(self, requests: Sequence[bytes], interval: float, seconds: float) -> Run:
        latencies = [math.nan] * len(requests)
        sent_at: list[float] = []
        refused: Counter[str] = Counter()
        cpu, start = time.thread_time(), time.perf_counter()
        total, unanswered = len(requests), 0
        while unanswered or len(sent_at) < total:
            now = time.perf_counter()
            if now - start >= seconds:
                total = len(sent_at)
            while len(sent_at) < total and (due := start + len(sent_at) * interval) <= now:
                connection = self._free(may_open=interval > 0)
                if connection is None:
                    break
                self._send(connection, requests[len(sent_at)], len(sent_at), due if interval else now)
                sent_at.append(time.time())
                unanswered += 1
            ready = self._selector.select(self._wait(start, len(sent_at), total, interval))
            if not ready and len(sent_at) == total:
                refused["no answer"] += unanswered
                break
            for key, _ in ready:
                status = self._receive(key.data)
                if status is None:
                    continue
                unanswered -= 1
                if status == "200":
                    latencies[key.data.request] = time.perf_counter() - key.data.due
                else:
                    refused[status] += 1
        taken = time.perf_counter() - start
        return Run(taken, time.thread_time() - cpu, latencies[: len(sent_at)], sent_at, refused)

    @staticmethod
    def _wait(start: float, sent: int, total: int, interval: float) -> float:
        if not interval or sent == total:
            return _SILENCE_SECONDS
        return max(0.0, start + sent * interval - time.perf_counter())

    def _free(self, *, may_open: bool) -> _Connection | None:
        if self._idle:
            return self._idle.popleft()
        return self._open() if may_open else None

    def _open(self) -> _Connection:
        made = socket.create_connection(self._address, timeout=5)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        made.setblocking(False)
        connection = _Connection(made)
        self._selector.register(made, selectors.EVENT_READ, connection)
        return connection

    @staticmethod
    def _send(connection: _Connection, request: bytes, number: int, due: float) -> None:
        connection.request, connection.due, connection.buffer = number, due, b""
        try:
            sent = connection.socket.send(request)
        except ConnectionError:
            return  # reading will tell
        if sent != len(request):
            raise NotAnswered("the server does not read: its socket's buffer is full")

    def _receive(self, connection: _Connection) -> str | None:
        """Read what is there. The status when the answer is complete, or why there will be none."""
        try:
            data = connection.socket.recv(_RECEIVE)
        except OSError as error:
            return self._replace(connection, type(error).__name__)
        if not data:
            return self._replace(connection, "connection closed")
        if connection.buffer:
            data = connection.buffer + data
        if len(data) != connection.length:
            connection.length = _length(data)
        if not connection.length or len(data) < connection.length:
            connection.buffer = data
            return None
        self._idle.append(connection)
        return data[9:12].decode("latin-1")

    def _replace(self, connection: _Connection, reason: str) -> str | None:
        """A new connection for one that has ended. None when nothing was under way on it."""
        self._selector.unregister(connection.socket)
        connection.socket.close()
        idle = connection in self._idle
        if idle:
            self._idle.remove(connection)
        self._idle.append(self._open())
        return None if idle else reason


def _length(data: bytes) -> int:
    """How long an answer will be; 0 while its head is not complete."""
    head, end, _ = data.partition(b"\r\n\r\n")
    if not end:
        return 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(head) + 4 + int(line[15:])
    raise NotAnswered("the answer has no Content-Length")
