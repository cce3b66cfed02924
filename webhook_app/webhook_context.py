"""Shared by the webhook routes: secrets, event writer, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from flask import Response, jsonify, request
from prometheus_client import Counter

from core.messaging.inbound.webhook_events import RawEvent
from core.platform.config import Settings
from core.platform.errors import StoreUnavailable
from webhook_app.answer_counts import AnswerCounter
from webhook_app.event_writer import EventWriter
from webhook_app.flood_limits import LogLimiter
from webhook_app.signing_secrets import SigningSecrets

log = structlog.get_logger(__name__)

REFUSED = Counter("bothub_webhooks_refused", "Webhook requests that were refused", ["source", "code"])


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
        try:
            self.writer.write(event)
        except StoreUnavailable as error:
            return self.refuse(event.source, 503, str(error))
        self.answers.count("stored")
        return answer()

    def refuse(self, source: str, code: int, reason: str) -> Response:
        """Answer with an error. Refusals are logged as security events, at a limited rate."""
        REFUSED.labels(source, str(int(code))).inc()
        self.answers.count("failed" if code >= 500 else "refused")
        remote = request.remote_addr or ""
        if (left_out := self.log_limiter.take(remote)) is not None:
            log.warning("webhook_refused", source=source, code=int(code), reason=reason, remote=remote, more=left_out)
        response = jsonify(error=reason)
        response.status_code = code
        if code == 503:
            response.headers["Retry-After"] = "5"
        return response
