"""Authentication, scopes and rate limits of API keys."""

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
from core.platform.scope import BOOTSTRAP_KEY, Actor
from core.platform.scope import Scope as TransactionScope
from webhook_app.api.errors import Problem
from webhook_app.flood_limits import TokenBuckets

log = structlog.get_logger(__name__)

_CACHE_SECONDS = 3.0  # a revoked key keeps working for at most this long
_BOOTSTRAP_PER_MINUTE = 6000
_GUESSES = 120  # look-ups of unknown keys per address and minute
_MAX_SEEN = 10_000

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """The API key behind a request: the business and actor of its transactions, and what the key permits."""

    scope: TransactionScope
    permissions: frozenset[str]
    rate_per_minute: int

    @property
    def business_id(self) -> int:
        """Return the business of the key."""
        return self.scope.business_id

    def may(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return not self.permissions.isdisjoint({scope, Scope.ADMIN, EVERYTHING})


class KeyCache:
    """Looks up keys and caches valid ones for seconds. BOTHUB_API_KEY has every scope in the first business."""

    def __init__(self, bootstrap_key: str) -> None:
        self._bootstrap = token_hash(bootstrap_key) if bootstrap_key else None
        self._cache: dict[bytes, tuple[float, Caller]] = {}
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, None] = OrderedDict()  # keys that were valid once
        self._guesses = TokenBuckets(_GUESSES, _GUESSES)

    def caller(self, key: str, address: str) -> Caller | None:
        """Return the caller of a key, None if it is unknown or revoked.

        Raises `Problem` (429) when an address tries too many unknown keys.
        """
        digest = token_hash(key)
        with self._lock:
            cached = self._cache.get(digest)
            seen = digest in self._seen
        if cached and time.monotonic() - cached[0] < _CACHE_SECONDS:
            return cached[1]
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
                if len(self._seen) > _MAX_SEEN:
                    self._seen.popitem(last=False)
        return caller


def _first_business() -> Caller:
    with system_transaction() as session:
        business_id = session.scalar(select(Business.id).order_by(Business.id).limit(1))
    if business_id is None:
        raise Problem(HTTPStatus.CONFLICT, "no_business", "No business has been set up yet: start BotHub once.")
    return Caller(TransactionScope(business_id, BOOTSTRAP_KEY), frozenset({EVERYTHING}), _BOOTSTRAP_PER_MINUTE)


def _from_row(digest: bytes) -> Caller | None:
    with system_transaction() as session:
        facts = api_keys.find(session, digest)
        if facts is None:
            return None
        api_keys.mark_used(session, facts.id)
    return Caller(
        TransactionScope(facts.business_id, Actor.api_key(facts.id)), frozenset(facts.scopes), facts.rate_per_minute
    )


class RateLimiter:
    """Limits each key's requests over the last minute, counted in Redis for all processes."""

    def __init__(self) -> None:
        self._limiter: MovingWindowRateLimiter | None = None

    def wait(self, caller: Caller) -> int | None:
        """Return the seconds until the key may call again, None if it may now or Redis is away."""
        limit = RateLimitItemPerMinute(caller.rate_per_minute)
        try:
            if self._limiter is None:
                storage = RedisStorage("redis://", connection_pool=job_queue.connection().connection_pool)
                self._limiter = MovingWindowRateLimiter(storage)
            if self._limiter.hit(limit, "api", str(caller.scope.actor)):
                return None
            resets_at = self._limiter.get_window_stats(limit, "api", str(caller.scope.actor)).reset_time
        except redis.RedisError as error:
            log.warning("rate_not_limited", error=type(error).__name__)
            return None
        return min(60, max(1, math.ceil(resets_at - time.time())))


def needs(scope: Scope) -> Callable[[View], View]:
    """Declare the scope a view requires. Place it below the route's decorator, which copies attributes."""

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def authorize() -> None:
    """Authorize a request and store the caller in `g`. Raises `Problem` (401, 403, 429)."""
    authorization = request.authorization
    key = authorization.token if authorization and authorization.type == "bearer" else None
    keys: KeyCache = current_app.extensions["api_keys"]
    caller = keys.caller(key, request.remote_addr or "") if key else None
    if caller is None:
        detail = "This key is unknown or revoked." if key else "Send `Authorization: Bearer KEY`."
        challenge = 'Bearer realm="bothub"' + (', error="invalid_token"' if key else "")
        raise Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"WWW-Authenticate": challenge})
    view: Any = current_app.view_functions[str(request.endpoint)]
    scope: Scope = view.scope
    if not caller.may(scope):
        raise Problem(HTTPStatus.FORBIDDEN, "forbidden", f"This key lacks the scope {scope.value}.")
    limiter: RateLimiter = current_app.extensions["api_rate_limiter"]
    if (wait := limiter.wait(caller)) is not None:
        detail = f"More than {caller.rate_per_minute} requests within a minute."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, headers={"Retry-After": str(wait)})
    g.caller = caller


def caller() -> Caller:
    """Return the caller of the current request."""
    found: Caller = g.caller
    return found
