"""Meta's webhook: the GET challenge and the POSTed events.

Only 200 counts as delivered, so 200 is given for whatever is genuine and stored, usable or not, and 503 only for what
could not be stored. Source: Meta, Webhooks, "Getting started" and Cloud API "Webhooks".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import structlog
from flask import Flask, Response, request

from core.channels.whatsapp_cloud.signature import looks_signed, verify_challenge, verify_signature
from core.messaging.inbound.webhook_events import RawEvent
from core.models import EventSource
from webhook_app import twilio
from webhook_app.request_body import Unread, read_body
from webhook_app.webhook_context import WebhookContext

log = structlog.get_logger(__name__)

LARGEST_BODY = 3 * 1024 * 1024
PATHS = ("/api/webhooks/whatsapp", "/api/v1/webhook", "/webhook")

_RECEIVED = b'{"status":"received"}'


def register(app: Flask, door: WebhookContext) -> None:
    """Add the routes."""

    def challenge() -> Response:
        args = request.args
        owners = door.secrets.owners(
            lambda kept: kept.verify_tokens, lambda one: verify_challenge(args, one) is not None
        )
        if owners is None:
            return door.refuse("whatsapp_cloud", 403, "Wrong verify token.")
        return Response(args["hub.challenge"], mimetype="text/plain")

    def events() -> Response:
        if "X-Twilio-Signature" in request.headers:
            return twilio.receive(door, EventSource.TWILIO_INBOUND)
        signature = request.headers.get("X-Hub-Signature-256", "")
        if not looks_signed(signature):
            return door.refuse("whatsapp_cloud", 403, "Wrong signature.")
        try:
            body = read_body(LARGEST_BODY)
        except Unread as error:
            return door.refuse("whatsapp_cloud", error.status, str(error))
        signers = door.secrets.owners(lambda kept: kept.meta, lambda one: verify_signature(body, signature, [one]))
        if signers is None:
            return door.refuse("whatsapp_cloud", 403, "Wrong signature.")
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            return door.refuse("whatsapp_cloud", 400, "The body is not JSON.")
        event = RawEvent(EventSource.WHATSAPP_CLOUD, "application/json", "", body, datetime.now(UTC), signers)
        return door.store(event, lambda: Response(_RECEIVED, mimetype="application/json"))

    for path in (*PATHS, *(path + "/" for path in PATHS)):
        for name, view, method in (("challenge", challenge, "GET"), ("events", events, "POST")):
            app.add_url_rule(path, f"meta_{name}_{path}", view, methods=[method])
