"""Who calls, what they may do, and how often."""

from __future__ import annotations

import hmac
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import redis
import structlog
from flask import current_app, g, request
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import select

from core.accounts import api_keys
from core.accounts.api_keys import EVERYTHING, Scope
from core.models import Business
from core.platform import job_queue
from core.platform.crypto import token_hash
from core.platform.db import system_transaction
from webhook_app.api.errors import Problem
from webhook_app.flood_limits import Buckets

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 3.0  # a revoked key lives on for this long at most
_BOOTSTRAP_PER_MINUTE = 6000
_GUESSES = 120  # keys not seen before that are looked up for one address within a minute
_MOST_SEEN = 10_000

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """The program behind a request. `actor` is how the audit log names it."""

    business_id: int
    actor: str
    scopes: frozenset[str]
    rate_per_minute: int

    def may(self, scope: str) -> bool:
        return not self.scopes.isdisjoint({scope, Scope.ADMIN, EVERYTHING})


class KeyRing:
    """Recognises keys, remembering live ones for a moment. BOTHUB_API_KEY may do everything in the first business."""

    def __init__(self, bootstrap_key: str) -> None:
        self._bootstrap = token_hash(bootstrap_key) if bootstrap_key else None
        self._cache: dict[bytes, tuple[float, Caller]] = {}
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, None] = OrderedDict()  # keys that were live once
        self._guesses = Buckets(_GUESSES, _GUESSES)

    def caller(self, key: str, address: str) -> Caller | None:
        """Whose key this is; None for one that is unknown or revoked.

        Raises `Problem` (429) where an address tries more unknown keys than the database shall be asked about.
        """
        digest = token_hash(key)
        with self._lock:
            kept = self._cache.get(digest)
            seen = digest in self._seen
        if kept and time.monotonic() - kept[0] < _FRESH_SECONDS:
            return kept[1]
        bootstrap = self._bootstrap is not None and hmac.compare_digest(digest, self._bootstrap)
        if not (seen or bootstrap or self._guesses.take(address)):
            detail = "Too many unknown keys came from this address."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, headers={"Retry-After": "60"})
        caller = _first_business() if bootstrap else _from_row(digest)
        with self._lock:
            self._cache.pop(digest, None)
            if caller:
                self._cache[digest] = (time.monotonic(), caller)
                self._seen[digest] = None
                if len(self._seen) > _MOST_SEEN:
                    self._seen.popitem(last=False)
        return caller


def _first_business() -> Caller:
    with system_transaction() as session:
        business_id = session.scalar(select(Business.id).order_by(Business.id).limit(1))
    if business_id is None:
        raise Problem(HTTPStatus.CONFLICT, "no_business", "No business has been set up yet: start BotHub once.")
    return Caller(business_id, "key:bootstrap", frozenset({EVERYTHING}), _BOOTSTRAP_PER_MINUTE)


def _from_row(digest: bytes) -> Caller | None:
    with system_transaction() as session:
        facts = api_keys.find(session, digest)
        if facts is None:
            return None
        api_keys.mark_used(session, facts.id)
    return Caller(facts.business_id, f"key:{facts.id}", frozenset(facts.scopes), facts.rate_per_minute)


class Meter:
    """Counts each key's requests over the last minute, in Redis, for all processes together."""

    def __init__(self) -> None:
        self._limiter: MovingWindowRateLimiter | None = None

    def wait(self, caller: Caller) -> int | None:
        """Seconds until the key may call again, None if it may now. Without Redis everybody may."""
        limit = RateLimitItemPerMinute(caller.rate_per_minute)
        try:
            if self._limiter is None:
                storage = RedisStorage("redis://", connection_pool=job_queue.connection().connection_pool)
                self._limiter = MovingWindowRateLimiter(storage)
            if self._limiter.hit(limit, "api", caller.actor):
                return None
            opens_at = self._limiter.get_window_stats(limit, "api", caller.actor).reset_time
        except redis.RedisError as error:
            log.warning("rate_not_limited", error=type(error).__name__)
            return None
        return min(60, max(1, math.ceil(opens_at - time.time())))


def needs(scope: Scope) -> Callable[[View], View]:
    """Name the scope a view asks for. Goes beneath the route's decorator, which carries the mark along."""

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def admit() -> None:
    """Before each request of the API: raises `Problem` (401, 403, 429), or leaves the caller in `g`."""
    authorization = request.authorization
    key = authorization.token if authorization and authorization.type == "bearer" else None
    ring: KeyRing = current_app.extensions["api_keys"]
    caller = ring.caller(key, request.remote_addr or "") if key else None
    if caller is None:
        detail = "This key is unknown or revoked." if key else "Send `Authorization: Bearer KEY`."
        challenge = 'Bearer realm="bothub"' + (', error="invalid_token"' if key else "")
        raise Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"WWW-Authenticate": challenge})
    view: Any = current_app.view_functions[str(request.endpoint)]
    scope: Scope = view.scope
    if not caller.may(scope):
        raise Problem(HTTPStatus.FORBIDDEN, "forbidden", f"This key lacks the scope {scope.value}.")
    meter: Meter = current_app.extensions["api_meter"]
    if (wait := meter.wait(caller)) is not None:
        detail = f"More than {caller.rate_per_minute} requests within a minute."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, headers={"Retry-After": str(wait)})
    g.caller = caller


def caller() -> Caller:
    """The program behind the current request."""
    found: Caller = g.caller
    return found
