"""Read the body of an unverified request: bounded in size, time and, for all requests together, memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

from flask import request
from gevent import Timeout, monkey
from werkzeug.exceptions import RequestEntityTooLarge

_SECONDS = 10.0  # for the whole body, and for waiting for a large-body slot
_SMALL = 64 * 1024  # bytes; what providers send is a few kB
_MAX_CONCURRENT_LARGE = 8  # in this process

_large_slots = threading.BoundedSemaphore(_MAX_CONCURRENT_LARGE)


class BodyRejected(Exception):
    """The body is rejected; `status` is the answer's HTTP status."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _TimedOut(Exception):
    """Not an OSError, which reading takes for a client that disconnected."""


def read_body(limit: int) -> bytes:
    """Return the raw body of the current request.

    Raises `BodyRejected` when it is larger than `limit` bytes, too slow, or one of too many large ones. A small body is
    always read. Providers deliver again what was answered with 503.
    """
    length = request.content_length
    request.max_content_length = limit
    try:
        if length is not None and length <= min(_SMALL, limit):
            return _read()
        with _large_slot():
            return _read()
    except RequestEntityTooLarge:
        raise BodyRejected(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limit // 1024} kB."
        ) from None


@contextmanager
def _large_slot() -> Iterator[None]:
    if not _large_slots.acquire(timeout=_SECONDS):
        raise BodyRejected(HTTPStatus.SERVICE_UNAVAILABLE, "Too many large bodies are being read.")
    try:
        yield
    finally:
        _large_slots.release()


def _read() -> bytes:
    if not monkey.is_module_patched("socket"):  # without gevent the server limits the time
        return request.get_data(cache=False)
    try:
        with Timeout(_SECONDS, _TimedOut()):
            return request.get_data(cache=False)
    except _TimedOut:
        _stop_reading()
        raise BodyRejected(HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly.") from None


def _stop_reading() -> None:
    """Shut down reading: the server would wait for the rest of the body before closing the connection."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)
