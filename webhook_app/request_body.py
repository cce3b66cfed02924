"""Reading the body of a request that nobody has verified yet: bounded in size, time and, for all of them, memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

from flask import request
from gevent import Timeout, monkey
from werkzeug.exceptions import RequestEntityTooLarge

_SECONDS = 10.0  # for the whole body, and for waiting until large ones have room
_SMALL = 64 * 1024  # bytes; what providers send is a few kB
_LARGE_AT_ONCE = 8  # in this process

_room = threading.BoundedSemaphore(_LARGE_AT_ONCE)


class Unread(Exception):
    """The body is not taken: `status` says how that is answered."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Late(Exception):
    """No OSError, which reading takes for a client that went away."""


def read_body(most: int) -> bytes:
    """The raw body of the current request.

    Raises `Unread` when it is larger than `most` bytes, too slow, or one of too many large ones. A small one is always
    read. Providers deliver again what was answered with 503.
    """
    length = request.content_length
    request.max_content_length = most
    try:
        if length is not None and length <= min(_SMALL, most):
            return _read()
        with _among_the_large():
            return _read()
    except RequestEntityTooLarge:
        raise Unread(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {most // 1024} kB.") from None


@contextmanager
def _among_the_large() -> Iterator[None]:
    if not _room.acquire(timeout=_SECONDS):
        raise Unread(HTTPStatus.SERVICE_UNAVAILABLE, "Too many large bodies are being read.")
    try:
        yield
    finally:
        _room.release()


def _read() -> bytes:
    if not monkey.is_module_patched("socket"):  # no gevent worker: the time is the server's to limit
        return request.get_data(cache=False)
    try:
        with Timeout(_SECONDS, _Late()):
            return request.get_data(cache=False)
    except _Late:
        _hang_up()
        raise Unread(HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly.") from None


def _hang_up() -> None:
    """Read no more of this connection: the server would wait for the rest before it closes it."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)
