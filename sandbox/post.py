"""A keep-alive POST over plain asyncio connections.

The webhooks are the sandbox's bulk work. Measured against the product's receiver this takes about a tenth of the
CPU of a general HTTP client, which on the machine under test would be taken from the product.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
HEAD_LIMIT = 64 * 1024


class NotConnected(Exception):
    """No connection was made: the product has not seen the request."""


class NoAnswer(Exception):
    """The request left, or part of it, and no valid answer came."""


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False


class Poster:
    """One connection to each place it posts to, kept open between posts. One post at a time."""

    def __init__(self) -> None:
        self._connections: dict[tuple[str, str], _Connection] = {}

    async def post(self, url: str, headers: dict[str, str], body: bytes, timeout: float) -> int:
        """The answer's status. Raises NotConnected or NoAnswer; `timeout` is in seconds, for all but connecting."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise NotConnected(f"no valid address: {error}") from error
        place = (parts.scheme, parts.netloc)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        connection = self._connections.pop(place, None)
        if connection is not None and connection.reader.at_eof():
            connection.writer.close()
            connection = None
        if connection is None:
            connection = await _connect(parts.scheme, parts.hostname or "", port)
        try:
            status, keep = await asyncio.wait_for(_exchange(connection, request), timeout)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:  # TimeoutError is an OSError
            connection.writer.close()
            stale = connection.used and isinstance(error, ConnectionError | asyncio.IncompleteReadError)
            if stale and not getattr(error, "partial", b""):
                return await self.post(url, headers, body, timeout)  # the server had closed the idle connection
            raise NoAnswer(str(error) or type(error).__name__) from error
        except BaseException:
            connection.writer.close()
            raise
        if keep:
            connection.used = True
            self._connections[place] = connection
        else:
            connection.writer.close()
        return status

    def close(self) -> None:
        for connection in self._connections.values():
            connection.writer.close()
        self._connections.clear()


async def _connect(scheme: str, host: str, port: int | None) -> _Connection:
    secure = ssl.create_default_context() if scheme == "https" else None
    opening = asyncio.open_connection(host, port or (443 if secure else 80), ssl=secure, limit=HEAD_LIMIT)
    try:
        return _Connection(*await asyncio.wait_for(opening, CONNECT_SECONDS))
    except (OSError, UnicodeError) as error:
        raise NotConnected(str(error) or type(error).__name__) from error


async def _exchange(connection: _Connection, request: bytes) -> tuple[int, bool]:
    """(status, whether the connection may be used again)."""
    connection.writer.write(request)
    await connection.writer.drain()
    reader = connection.reader
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ", 2)
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    keep = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"
    if "chunked" in fields.get("transfer-encoding", ""):
        await _skip_chunks(reader)
    elif "content-length" in fields:
        await reader.readexactly(int(fields["content-length"]))
    elif status not in ("204", "304"):
        keep = False
    return int(status), keep


async def _skip_chunks(reader: asyncio.StreamReader) -> None:
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        await reader.readexactly(size + 2)
        if size == 0:
            return
