"""Shared by the webhook routes: secrets, event writer, and refusals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from flask import Response, jsonify, request

from core.messaging.inbound.webhook_events import RawEvent
from core.platform import metrics
from core.platform.config import Settings
from core.platform.errors import StoreUnavailable
from webhook_app.answer_counts import AnswerCounter
from webhook_app.event_writer import EventWriter
from webhook_app.flood_limits import LogLimiter
from webhook_app.signing_secrets import SigningSecrets

log = structlog.get_logger(__name__)

_ANSWERED = metrics.counter("webhooks", "Webhook requests by source and status code of the answer", "source", "code")
_STORING = metrics.histogram(
    "webhook_store_seconds", "Seconds to commit a webhook", "source", buckets=(0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 3)
)


@dataclass(frozen=True, slots=True)
class WebhookContext:
    """Dependencies of the webhook routes."""

    settings: Settings
    secrets: SigningSecrets
    writer: EventWriter
    log_limiter: LogLimiter = field(default_factory=LogLimiter)
    answers: AnswerCounter = field(default_factory=AnswerCounter)

    def public_bases(self) -> list[str]:
        """Return the base URLs that a provider may have signed: the configured one, else the local ones."""
        if self.settings.public_url:
            return [self.settings.public_url.rstrip("/")]
        return [self.settings.callback_base, request.host_url.rstrip("/")]

    def store(self, event: RawEvent, answer: Callable[[], Response]) -> Response:
        """Commit the event, then answer; 503 tells the provider to deliver again."""
        started = time.perf_counter()
        try:
            self.writer.write(event)
        except StoreUnavailable as error:
            return self.refuse(event.source, 503, str(error))
        _STORING.labels(event.source).observe(time.perf_counter() - started)
        _ANSWERED.labels(event.source, "200").inc()
        self.answers.count("stored")
        return answer()

    def refuse(self, source: str, code: int, reason: str) -> Response:
        """Answer with an error. Refusals are logged as security events, at a limited rate."""
        _ANSWERED.labels(source, str(int(code))).inc()
        self.answers.count("failed" if code >= 500 else "refused")
        remote = request.remote_addr or ""
        if (left_out := self.log_limiter.take(remote)) is not None:
            log.warning("webhook_refused", source=source, code=int(code), reason=reason, remote=remote, more=left_out)
        response = jsonify(error=reason)
        response.status_code = code
        if code == 503:
            response.headers["Retry-After"] = "5"
        return response
