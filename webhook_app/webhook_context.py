"""What the webhook routes share: the secrets, the intake, and how they refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from flask import Response, jsonify, request
from prometheus_client import Counter

from core.messaging.inbound.webhook_events import RawEvent
from core.platform.config import Settings
from core.platform.errors import StoreUnavailable
from webhook_app.answer_counts import Tally
from webhook_app.event_writer import EventWriter
from webhook_app.flood_limits import Lines
from webhook_app.signing_secrets import SigningSecrets

log = structlog.get_logger(__name__)

REFUSED = Counter("bothub_webhooks_refused", "Webhook requests that were refused", ["source", "code"])


@dataclass(frozen=True, slots=True)
class WebhookContext:
    settings: Settings
    secrets: SigningSecrets
    intake: EventWriter
    lines: Lines = field(default_factory=Lines)
    tally: Tally = field(default_factory=Tally)

    def public_bases(self) -> list[str]:
        """The addresses under which a provider may know us: the configured one, else the local ones."""
        if self.settings.public_url:
            return [self.settings.public_url.rstrip("/")]
        return [self.settings.callback_base, request.host_url.rstrip("/")]

    def store(self, event: RawEvent, answer: Callable[[], Response]) -> Response:
        """Commit the event, then answer; 503 tells the provider to deliver again."""
        try:
            self.intake.accept(event)
        except StoreUnavailable as error:
            return self.refuse(event.source, 503, str(error))
        self.tally.count("stored")
        return answer()

    def refuse(self, source: str, code: int, reason: str) -> Response:
        """Say no. A wrong signature is a security event, of which a flood does not fill the disk."""
        REFUSED.labels(source, str(int(code))).inc()
        self.tally.count("failed" if code >= 500 else "refused")
        remote = request.remote_addr or ""
        if (left_out := self.lines.take(remote)) is not None:
            log.warning("webhook_refused", source=source, code=int(code), reason=reason, remote=remote, more=left_out)
        response = jsonify(error=reason)
        response.status_code = code
        if code == 503:
            response.headers["Retry-After"] = "5"
        return response
