"""Signing updates as the providers do, posting them to the product, and trying again as each provider would."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx2

from sandbox.events import Events
from sandbox.faults import Faults
from sandbox.post import NoAnswer, NotConnected, Poster
from sandbox.settings import Settings

META_TIMEOUT_SECONDS = 20.0
TWILIO_TIMEOUT_SECONDS = 15.0
LOG_LENGTH = 500
PENDING_LIMIT = 100_000
POSTERS = 32


def meta_body(payload: Any) -> bytes:
    r"""JSON as Meta writes it: non-ASCII as lower-case \uXXXX and every slash escaped."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def meta_signature(secret: str, body: bytes) -> str:
    """Return the value of X-Hub-Signature-256: HMAC-SHA256 of the body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def twilio_signature(token: str, url: str, params: list[tuple[str, str]]) -> str:
    """Twilio, Webhooks security: HMAC-SHA1 over the URL and the sorted names with their values."""
    text = url + "".join(name + value for name, value in sorted(set(params)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass(slots=True, eq=False)
class Post:
    """One webhook on its way. `settled` is set at the first answer, good or bad."""

    id: int
    provider: str
    url: str
    about: str
    body: bytes
    headers: dict[str, str]
    made_at: float
    retry_limit: int | None = None
    retry_on: frozenset[str] = frozenset()
    attempts: int = 0
    status: int | None = None
    problem: str = ""
    took_ms: float = 0.0
    state: str = "waiting"
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self, *, with_body: bool = False) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": self.id,
            "provider": self.provider,
            "url": self.url,
            "about": self.about,
            "state": self.state,
            "status": self.status,
            "problem": self.problem,
            "attempts": self.attempts,
            "took_ms": round(self.took_ms, 1),
            "at": self.made_at,
        }
        if with_body:
            shown |= {"body": self.body.decode(), "headers": self.headers}
        return shown


class Webhooks:
    """The road back to the product. `start` and `stop` frame its life."""

    def __init__(self, settings: Settings, faults: Faults, events: Events) -> None:
        self._settings = settings
        self._faults = faults
        self._events = events
        self._queue: asyncio.Queue[Post] = asyncio.Queue()
        self._changes: list[dict[str, Any]] = []
        self._abouts: list[str] = []
        self._batch_timer: asyncio.TimerHandle | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._posters: list[asyncio.Task[None]] = []
        self._last_id = 0
        self.log: deque[Post] = deque(maxlen=LOG_LENGTH)
        self.delivered = 0
        self.refused = 0

    async def start(self) -> None:
        self._posters = [asyncio.create_task(self._work()) for _ in range(POSTERS)]

    async def stop(self) -> None:
        for timer in [*self._timers, *([self._batch_timer] if self._batch_timer else [])]:
            timer.cancel()
        for task in self._posters:
            task.cancel()
        await asyncio.gather(*self._posters, return_exceptions=True)

    def forget(self) -> None:
        """Drop the log and whatever still waits to be posted."""
        self.log.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        while not self._queue.empty():
            self._queue.get_nowait().settled.set()
        self._changes, self._abouts = [], []
        self.delivered = self.refused = 0

    # Meta

    def meta(self, value: dict[str, Any], about: str, *, field_name: str = "messages") -> Post | None:
        """Send one change. Returns the post, or None when the change waits for a batch."""
        change = {"value": value, "field": field_name}
        wait_ms = self._faults.webhooks.coalesce_webhooks_ms
        if wait_ms == 0:
            return self._meta_post([change], about)
        self._changes.append(change)
        self._abouts.append(about)
        if len(self._changes) >= 1000:  # Meta, Webhooks: at most 1000 updates in one POST
            self._flush()
        elif self._batch_timer is None:
            self._batch_timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._flush)
        return None

    def _flush(self) -> None:
        if self._batch_timer is not None:
            self._batch_timer.cancel()
            self._batch_timer = None
        changes, abouts = self._changes, self._abouts
        self._changes, self._abouts = [], []
        if not changes:
            return
        if self._faults.chance(self._faults.webhooks.shuffle):
            self._faults.random.shuffle(changes)
        self._meta_post(changes, abouts[0] if len(abouts) == 1 else f"{len(abouts)} updates: {abouts[0]} …")

    def _meta_post(self, changes: list[dict[str, Any]], about: str) -> Post:
        entry = {"id": self._settings.whatsapp_business_account_id, "changes": changes}
        return self.meta_raw({"object": "whatsapp_business_account", "entry": [entry]}, about)

    def meta_raw(self, payload: Any, about: str) -> Post:
        body = meta_body(payload)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": meta_signature(self._settings.app_secret, body),
        }
        post = self._new("whatsapp", f"{self._settings.webhook_base}/api/webhooks/whatsapp", about, body, headers)
        self._send(post)
        return post

    async def challenge(self, url: str, token: str) -> bool:
        """Meta's GET when a callback URL is saved: the product must echo the challenge."""
        challenge = str(self._faults.random.randrange(10**8, 10**9))
        params = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
        try:
            async with httpx2.AsyncClient(trust_env=False, timeout=META_TIMEOUT_SECONDS) as client:
                answer = await client.get(url, params=params)
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200 and answer.text == challenge

    # Twilio

    def twilio(self, url: str, params: Mapping[str, str], about: str) -> Post:
        """Post a form to `url` (its `#rc=…&rp=…` override the retries), signed over the product's public address."""
        bare, _, fragment = url.partition("#")
        knobs = self._faults.webhooks
        overrides = parse_qs(fragment)
        retries = int(overrides.get("rc", [str(knobs.twilio_retries)])[0])
        retry_on = overrides.get("rp", [knobs.twilio_retry_on])[0]
        target, signed_url = self._addresses(bare)
        pairs = list(params.items())
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "X-Twilio-Signature": twilio_signature(self._settings.twilio_auth_token, signed_url, pairs),
            "I-Twilio-Idempotency-Token": f"{self._faults.random.getrandbits(128):032x}",
        }
        post = self._new("twilio", target, about, urlencode(pairs).encode(), headers)
        post.retry_limit = retries
        post.retry_on = frozenset(["ct", "rt", "4xx", "5xx"] if retry_on == "all" else retry_on.split(","))
        self._send(post)
        return post

    def _addresses(self, url: str) -> tuple[str, str]:
        """(where to post, what to sign). The product's own addresses stand for each other; others stay as given."""
        for base in (self._settings.public_base, self._settings.webhook_base):
            if url.startswith(base + "/"):
                rest = url[len(base) :]
                return self._settings.webhook_base + rest, self._settings.public_base + rest
        return url, url

    def twilio_inbound(self, params: Mapping[str, str], about: str) -> Post:
        return self.twilio(f"{self._settings.webhook_base}/api/webhooks/twilio", params, about)

    # Posting

    def _new(self, provider: str, url: str, about: str, body: bytes, headers: dict[str, str]) -> Post:
        self._last_id += 1
        return Post(self._last_id, provider, url, about, body, headers, time.time())

    def _send(self, post: Post) -> None:
        knobs = self._faults.webhooks
        self.log.append(post)
        delay = knobs.delay_ms / 1000
        if self._faults.chance(knobs.shuffle):
            delay += self._faults.random.uniform(0, knobs.shuffle_ms) / 1000
        self._later(delay, post)
        if self._faults.chance(knobs.duplicate):
            twin = self._new(post.provider, post.url, f"{post.about} (again)", post.body, post.headers)
            twin.retry_limit, twin.retry_on = post.retry_limit, post.retry_on
            self.log.append(twin)
            self._later(delay + self._faults.random.uniform(0, 0.5), twin)

    def _later(self, delay: float, post: Post) -> None:
        if self._queue.qsize() + len(self._timers) >= PENDING_LIMIT:
            self._give_up(post, "too many webhooks wait")
        elif delay <= 0:
            self._queue.put_nowait(post)
        else:
            timer: asyncio.TimerHandle

            def due() -> None:
                self._timers.discard(timer)
                self._queue.put_nowait(post)

            timer = asyncio.get_running_loop().call_later(delay, due)
            self._timers.add(timer)

    async def _work(self) -> None:
        poster = Poster()
        try:
            while True:
                await self._attempt(poster, await self._queue.get())
        finally:
            poster.close()

    async def _attempt(self, poster: Poster, post: Post) -> None:
        post.attempts += 1
        started = time.perf_counter()
        timeout = META_TIMEOUT_SECONDS if post.provider == "whatsapp" else TWILIO_TIMEOUT_SECONDS
        post.status, post.problem = None, ""
        try:
            post.status = await poster.post(post.url, post.headers, post.body, timeout)
            cause = f"{post.status // 100}xx"
        except NotConnected as error:
            cause, post.problem = "ct", f"no connection: {error}"
        except NoAnswer as error:
            cause, post.problem = "rt", f"no answer: {error}"
        post.took_ms = (time.perf_counter() - started) * 1000
        self._settle(post, cause)

    def _settle(self, post: Post, cause: str) -> None:
        taken = post.status == 200 if post.provider == "whatsapp" else cause == "2xx"
        if taken:
            post.state = "delivered"
            self.delivered += 1
        elif (wait := self._retry_wait(post, cause)) is not None:
            post.state = "retrying"
            self._later(wait, post)
        else:
            self._give_up(post, post.problem)
        post.settled.set()
        if self._events.watched:
            self._events.tell("webhook", post.as_json())

    def _give_up(self, post: Post, problem: str) -> None:
        post.state, post.problem = "given up", problem
        post.settled.set()
        self.refused += 1

    def _retry_wait(self, post: Post, cause: str) -> float | None:
        """Seconds until the next try, or None when the provider would stop here."""
        knobs = self._faults.webhooks
        if post.provider == "twilio":
            again = cause in post.retry_on and post.attempts <= (post.retry_limit or 0)
            return 0.2 if again else None
        wait = min(knobs.meta_retry_s * 2 ** min(post.attempts - 1, 20), knobs.meta_retry_cap_s)
        return wait if time.time() + wait - post.made_at < knobs.meta_retry_for_s else None
