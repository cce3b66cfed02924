"""Meta's webhook: the GET challenge and the POSTed events.

Meta takes only 200 for delivered, so the answer is 200 for every verified and stored event, usable or not, and 503 only
for what could not be stored. Source: Meta, Webhooks, "Getting started" and Cloud API "Webhooks".
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from flask import Flask, Response, request

from core.channels import json_sanitizer
from core.channels.whatsapp_cloud.signature import looks_signed, verify_challenge, verify_signature
from core.messaging.inbound.webhook_events import RawEvent
from core.models import EventSource
from webhook_app import twilio
from webhook_app.request_body import BodyRejected, read_body
from webhook_app.webhook_context import WebhookContext

log = structlog.get_logger(__name__)

LARGEST_BODY = 3 * 1024 * 1024
PATHS = ("/api/webhooks/whatsapp", "/api/v1/webhook", "/webhook")

_RECEIVED = b'{"status":"received"}'


def register(app: Flask, context: WebhookContext) -> None:
    """Add the routes."""

    def challenge() -> Response:
        args = request.args
        channels = context.secrets.verify_with(
            lambda secrets: secrets.verify_tokens, lambda secret: verify_challenge(args, secret) is not None
        )
        if channels is None:
            return context.refuse("whatsapp_cloud", 403, "Wrong verify token.")
        return Response(args["hub.challenge"], mimetype="text/plain")

    def events() -> Response:
        if "X-Twilio-Signature" in request.headers:
            return twilio.receive(context, EventSource.TWILIO_INBOUND)
        signature = request.headers.get("X-Hub-Signature-256", "")
        if not looks_signed(signature):
            return context.refuse("whatsapp_cloud", 403, "Wrong signature.")
        try:
            body = read_body(LARGEST_BODY)
        except BodyRejected as error:
            return context.refuse("whatsapp_cloud", error.status, str(error))
        signers = context.secrets.verify_with(
            lambda secrets: secrets.meta, lambda secret: verify_signature(body, signature, [secret])
        )
        if signers is None:
            return context.refuse("whatsapp_cloud", 403, "Wrong signature.")
        try:
            json_sanitizer.loads(body)
        except (ValueError, RecursionError):
            return context.refuse("whatsapp_cloud", 400, "The body is not JSON.")
        event = RawEvent(EventSource.WHATSAPP_CLOUD, "application/json", "", body, datetime.now(UTC), signers)
        return context.store(event, lambda: Response(_RECEIVED, mimetype="application/json"))

    for path in (*PATHS, *(path + "/" for path in PATHS)):
        for name, view, method in (("challenge", challenge, "GET"), ("events", events, "POST")):
            app.add_url_rule(path, f"meta_{name}_{path}", view, methods=[method])
