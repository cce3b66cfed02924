"""HTTP client of the bot: one shared, pooled client for OpenAI or a compatible server.

The call goes through the SDK's generic `post` rather than `responses.parse` or `responses.create`. Both walk every
input item through the SDK's type unions, which at ten messages measured 11 and 5.5 ms of CPU against 1.2 ms this way:
with fifty calls in flight on two cores that is most of the machine. Authentication, headers, connection handling and
error classes are still the SDK's.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import httpx2
import openai
from pydantic import BaseModel

from core.bots.llm import call_metrics
from core.bots.llm.embeddings import Vector, read_vectors
from core.bots.llm.metering import note
from core.bots.llm.types import Completion, FailureKind, InputItem, ModelFailed, Prompt, Written
from core.bots.llm.wire_format import (
    ApiStyle,
    ModelOutput,
    ModelRequest,
    ParsedAnswer,
    parse_as,
    parse_support,
    read,
    request_body,
    support_request,
)
from core.bots.settings import BotSettings

T = TypeVar("T", bound=BaseModel)
_CONNECT_SECONDS = 5.0
_RETRY_SECONDS = 0.5
_MAX_WAIT_SECONDS = 8.0  # seconds between two attempts when the server names none
_KEEPALIVE_SECONDS = 30.0
_DETAIL_LIMIT = 300
_LEAST_WRITTEN = 1200  # tokens, including a reasoning model's thinking


class ModelClient:
    """Client of the model. Safe to share between threads; make one per process and `close` it at the end."""

    def __init__(
        self,
        api_key: str,
        default_model: str,
        *,
        base_url: str | None = None,
        style: ApiStyle = ApiStyle.RESPONSES,
        max_connections: int = 50,
    ) -> None:
        self._default_model = default_model
        self._api_key = api_key
        self._style = style
        self._http = httpx2.Client(
            limits=httpx2.Limits(
                max_connections=max_connections,
                max_keepalive_connections=max_connections,
                keepalive_expiry=_KEEPALIVE_SECONDS,
            ),
            event_hooks={"response": [_limit_body_time]},
        )
        # The SDK's own retry may sleep two minutes on a Retry-After and then start a second full time-out,
        # holding a worker's slot and the customer; `answer` has one time budget for all attempts instead.
        self._sdk = openai.OpenAI(api_key=api_key, base_url=base_url, http_client=self._http, max_retries=0)

    def close(self) -> None:
        self._sdk.close()

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        """Ask, and retry once if that may help and time is left. Raises `ModelFailed`.

        `cache_key` names the bot, so that prompts with a common prefix share the provider's cache. `contact` is an
        internal id of the customer (never a phone number): the provider sees only its hash.
        """
        model = settings.model or self._default_model
        ask = support_request(model, prompt, settings, cache_key=cache_key, customer=_customer(contact))
        parse = partial(parse_support, quotes=prompt.quotes)
        reading, latency_ms, request_id = self._timed(ask, parse, settings.timeout_seconds)
        return Completion(
            answer=reading.answer,
            raw=reading.raw,
            usage=reading.usage,
            model=reading.model or model,
            latency_ms=latency_ms,
            request_id=request_id,
        )

    def write(
        self,
        shape: type[T],
        instructions: str,
        said: tuple[InputItem, ...],
        *,
        name: str,
        settings: BotSettings,
        cache_key: str,
        contact: str | None = None,
    ) -> Written[T]:
        """Request a structured output of any shape, by the model and limits of `settings`. Raises `ModelFailed`.

        `instructions` are ours and the business's; text from customers or documents belongs in `said`. `shape` forbids
        further properties and gives none a default. `name` names the request, in snake case. `contact` is the internal
        id of the customer when the text is one customer's.
        """
        model = settings.model or self._default_model
        ask = ModelRequest(
            model=model,
            instructions=instructions,
            input=said,
            shape=shape,
            name=name,
            max_output_tokens=max(_LEAST_WRITTEN, settings.max_output_tokens),
            temperature=None,
            cache_key=cache_key,
            customer=None if contact is None else _customer(contact),
        )
        reading, latency_ms, request_id = self._timed(ask, partial(parse_as, shape), settings.timeout_seconds)
        return Written(reading.answer, reading.usage, reading.model or model, latency_ms, request_id)

    def _timed(
        self, ask: ModelRequest, parse: Callable[[ModelOutput], T], seconds: float
    ) -> tuple[ParsedAnswer[T], int, str | None]:
        """Return the answer, the milliseconds that it took and the provider's id of the request."""
        started = time.monotonic()
        body = request_body(self._style, ask)
        try:
            reading, request_id = self._ask_within(started + seconds, body, parse)
        except ModelFailed as failure:
            failure.model = ask.model
            failure.latency_ms = _milliseconds_since(started)
            call_metrics.count(ask.model, str(failure.kind), failure.usage, time.monotonic() - started)
            raise
        call_metrics.count(reading.model or ask.model, "answered", reading.usage, time.monotonic() - started)
        return reading, _milliseconds_since(started), request_id

    def _ask_within(
        self, deadline: float, body: Mapping[str, Any], parse: Callable[[ModelOutput], T]
    ) -> tuple[ParsedAnswer[T], str | None]:
        try:
            return self._ask(deadline, body, parse)
        except ModelFailed as failure:
            wait = _RETRY_SECONDS if failure.retry_after is None else failure.retry_after
            if not failure.retryable or time.monotonic() + wait >= deadline:
                raise
            time.sleep(wait)
            return self._ask(deadline, body, parse)

    def _ask(
        self, deadline: float, body: Mapping[str, Any], parse: Callable[[ModelOutput], T]
    ) -> tuple[ParsedAnswer[T], str | None]:
        remaining = max(deadline - time.monotonic(), 0.001)
        timeout = httpx2.Timeout(remaining, connect=min(_CONNECT_SECONDS, remaining))
        path = "/responses" if self._style is ApiStyle.RESPONSES else "/chat/completions"
        try:
            response = self._sdk.post(path, body=body, cast_to=httpx2.Response, options={"timeout": timeout})
        except (openai.APIConnectionError, openai.APIStatusError) as error:
            raise self._failure(error, remaining) from error
        request_id = response.headers.get("x-request-id")
        try:
            return read(response.content, self._style, parse), request_id
        except ModelFailed as failure:
            failure.request_id = request_id
            raise

    def _failure(self, error: openai.APIConnectionError | openai.APIStatusError, allowed: float) -> ModelFailed:
        if isinstance(error, openai.APITimeoutError):
            detail = f"{type(error.__cause__).__name__}, {allowed:.1f} s allowed"
            return ModelFailed(FailureKind.TIMEOUT, detail, retryable=True)
        if isinstance(error, openai.APIConnectionError):
            return ModelFailed(FailureKind.CONNECTION, self._clean(str(error.__cause__ or error)), retryable=True)
        kind, retryable = _classify(error)
        return ModelFailed(
            kind,
            self._clean(f"HTTP {error.status_code}: {error.message}"),
            retryable=retryable,
            retry_after=_retry_after(error.response.headers),
            request_id=error.request_id,
        )

    def _clean(self, detail: str) -> str:
        """Shorten a detail and remove our key, which some servers echo in their errors."""
        return detail.replace(self._api_key, "***")[:_DETAIL_LIMIT]

    def embed(self, texts: Sequence[str], model: str, *, timeout_seconds: float) -> list[Vector]:
        """Return a vector of length 1 for each text; the texts must fit in one request. Raises `ModelFailed`.

        A busy server is asked again, after the wait that it names, within `timeout_seconds`.
        """
        deadline = time.monotonic() + timeout_seconds
        wait = _RETRY_SECONDS
        while True:
            try:
                return self._embed(texts, model, max(deadline - time.monotonic(), 0.001))
            except ModelFailed as failure:
                wait = min(2 * wait, _MAX_WAIT_SECONDS) if failure.retry_after is None else failure.retry_after
                if not failure.retryable or time.monotonic() + wait >= deadline:
                    raise
            time.sleep(wait)

    def _embed(self, texts: Sequence[str], model: str, remaining: float) -> list[Vector]:
        timeout = httpx2.Timeout(remaining, connect=min(_CONNECT_SECONDS, remaining))
        body = {"model": model, "input": list(texts), "encoding_format": "float"}  # few servers support base64
        try:
            response = self._sdk.post("/embeddings", body=body, cast_to=httpx2.Response, options={"timeout": timeout})
        except (openai.APIConnectionError, openai.APIStatusError) as error:
            raise self._failure(error, remaining) from error
        vectors, tokens = read_vectors(response.content, len(texts))
        note(model, tokens)
        return vectors


class _TimedStream(httpx2.SyncByteStream):
    """Abort a body that arrives slowly: the read time-out alone restarts with every byte."""

    def __init__(self, stream: httpx2.SyncByteStream, deadline: float, request: httpx2.Request) -> None:
        self._stream = stream
        self._deadline = deadline
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer did not end in time", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _limit_body_time(response: httpx2.Response) -> None:
    seconds = response.request.extensions["timeout"]["read"]
    assert isinstance(response.stream, httpx2.SyncByteStream)
    response.stream = _TimedStream(response.stream, time.monotonic() + seconds, response.request)


def _customer(contact: str) -> str:
    """Hash the customer for the provider: it can distinguish customers, but not identify them."""
    return hashlib.sha256(f"bothub:{contact}".encode()).hexdigest()


def _classify(error: openai.APIStatusError) -> tuple[FailureKind, bool]:
    """Return the kind of an HTTP error and whether it may pass (OpenAI, Error codes guide)."""
    if error.status_code == 429:
        # An exhausted account is reported as 429 as well, and waiting does not help.
        exhausted = "insufficient_quota" in (error.code, error.type)
        return (FailureKind.QUOTA, False) if exhausted else (FailureKind.RATE_LIMITED, True)
    if error.status_code in (401, 403):
        return FailureKind.AUTHENTICATION, False
    if error.status_code in (408, 409) or error.status_code >= 500:
        return FailureKind.SERVER, True
    return FailureKind.REJECTED, False


def _retry_after(headers: httpx2.Headers) -> float | None:
    try:
        return max(float(headers.get("retry-after", "")), 0.0)
    except ValueError:  # absent, or a date
        return None


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
