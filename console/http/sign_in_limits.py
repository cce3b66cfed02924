"""Sign-in limits: guesses per address, concurrent password checks, and known browsers.

Checking a password is deliberately slow (part of a CPU second). A flood of guesses must neither delay others nor lock
people out of a browser they have signed in from before.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256

import anyio
from starlette.requests import Request
from starlette.responses import Response

from console.http.security import cookie_is_secure
from core.platform import crypto

COOKIE = "bothub_browser"
_KNOWN_FOR = 180 * 24 * 3600  # seconds
_AT_ONCE = 2  # concurrent password checks: leaves CPU and memory for other requests
_WAITING = 20  # in all
_WAITING_OF_ONE = 2  # from one address
_FAILURES, _WITHIN = 20, 900.0  # guesses per address and number of seconds: an office may share one
_FAILURES_OF_BROWSER = 5
_MOST_KEPT = 10_000


class TooMany(Exception):
    """Too many sign-in attempts. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Guesses:
    """Recent sign-in attempts of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._waiting: Counter[str] = Counter()
        self._turns = anyio.CapacityLimiter(_AT_ONCE)

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """Wait until a password may be checked for this request.

        Raises:
            TooMany: too many wrong guesses from the address, or too many requests waiting.
        """
        address = address_of(request)
        if self.failed(address) >= _FAILURES:
            raise TooMany(int(_WITHIN))
        if self._waiting[address] >= _WAITING_OF_ONE or self._waiting.total() >= _WAITING:
            raise TooMany(5)
        self._waiting[address] += 1
        try:
            async with self._turns:
                if await request.is_disconnected():  # the client has disconnected
                    raise TooMany(5)
                yield
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # drop disconnected clients

    def failed(self, who: str) -> int:
        """Return the recent wrong guesses of an address or a browser."""
        seen = self._failures.get(who)
        while seen and seen[0] < self._clock() - _WITHIN:
            seen.popleft()
        return len(seen or ())

    def note(self, *who: str) -> None:
        """Record a wrong guess of an address and, if known, a browser."""
        for one in who:
            self._failures.setdefault(one, deque(maxlen=_FAILURES)).append(self._clock())
            self._failures.move_to_end(one)
        while len(self._failures) > _MOST_KEPT:
            self._failures.popitem(last=False)

    def browser_of(self, request: Request, email: str) -> str | None:
        """The name of a browser from which this person signed in before, unless it guessed wrong too often."""
        kept = crypto.decrypt_text(request.cookies.get(COOKIE, "")) or ""
        name, _, whose = kept.partition(":")
        if not name or whose != _whose(email):
            return None
        return name if self.failed(name) < _FAILURES_OF_BROWSER else None


def address_of(request: Request) -> str:
    """Return the client address; behind a trusted proxy, the one it reports."""
    return request.client.host if request.client else ""


def remember(request: Request, response: Response, email: str) -> None:
    """Let the browser keep a note that this person signed in from it. It opens nothing by itself."""
    note = crypto.encrypt_text(f"{crypto.new_token()}:{_whose(email)}")
    response.set_cookie(
        COOKIE, note, max_age=_KNOWN_FOR, path="/auth", httponly=True, samesite="lax", secure=cookie_is_secure(request)
    )


def _whose(email: str) -> str:
    return sha256(email.strip().casefold().encode()).hexdigest()
