"""Bounds on signing in: how often an address may guess, how many passwords are checked at once, and known browsers.

Checking a password takes a good part of a second of a core on purpose. A flood of guesses must neither make people wait
nor, by wrong guesses at their address, lock them out of a browser they have signed in from before.
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
_AT_ONCE = 2  # passwords that are checked at the same time: neither every core nor all the memory
_WAITING = 20  # in all
_WAITING_OF_ONE = 2  # from one address
_FAILURES, _WITHIN = 20, 900.0  # of one address, in so many seconds: an office may share it
_FAILURES_OF_BROWSER = 5
_MOST_KEPT = 10_000


class TooMany(Exception):
    """No guess is taken at present. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Guesses:
    """What this process has seen of sign-ins lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._waiting: Counter[str] = Counter()
        self._turns = anyio.CapacityLimiter(_AT_ONCE)

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """Wait until a password may be checked for this request.

        Raises:
            TooMany: its address guessed wrong too often, or too many wait already.
        """
        address = address_of(request)
        if self.failed(address) >= _FAILURES:
            raise TooMany(int(_WITHIN))
        if self._waiting[address] >= _WAITING_OF_ONE or self._waiting.total() >= _WAITING:
            raise TooMany(5)
        self._waiting[address] += 1
        try:
            async with self._turns:
                if await request.is_disconnected():  # nobody waits for the answer any more
                    raise TooMany(5)
                yield
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # drops those who wait no more

    def failed(self, who: str) -> int:
        """How many wrong guesses an address or a browser made lately."""
        seen = self._failures.get(who)
        while seen and seen[0] < self._clock() - _WITHIN:
            seen.popleft()
        return len(seen or ())

    def note(self, *who: str) -> None:
        """A wrong guess, of an address and of a browser that is known."""
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
    """Where a request comes from, as the server tells it: behind a proxy of ours, what that proxy says."""
    return request.client.host if request.client else ""


def remember(request: Request, response: Response, email: str) -> None:
    """Let the browser keep a note that this person signed in from it. It opens nothing by itself."""
    note = crypto.encrypt_text(f"{crypto.new_token()}:{_whose(email)}")
    response.set_cookie(
        COOKIE, note, max_age=_KNOWN_FOR, path="/auth", httponly=True, samesite="lax", secure=cookie_is_secure(request)
    )


def _whose(email: str) -> str:
    return sha256(email.strip().casefold().encode()).hexdigest()
