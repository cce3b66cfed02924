"""Twilio's webhooks: incoming messages, and status callbacks of outgoing ones.

A message is answered with empty TwiML at once; the reply is sent by the REST API, because a TwiML reply would have to
be ready within 15 seconds. Source: Twilio, "Messaging webhooks" and "Webhooks security".
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, Response, request

from core.channels.twilio.signature import looks_signed, verify_signature
from core.messaging.inbound.webhook_events import RawEvent
from core.models import EventSource
from webhook_app.request_body import BodyRejected, read_body
from webhook_app.webhook_context import WebhookContext

LARGEST_BODY = 256 * 1024
INBOUND_PATHS = ("/api/webhooks/twilio", "/webhook/whatsapp", "/api/webhooks/sms")
STATUS_PATHS = ("/api/webhooks/twilio/status", "/api/webhooks/message-status")

_EMPTY_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def register(app: Flask, context: WebhookContext) -> None:
    """Add the routes."""

    def inbound() -> Response:
        return receive(context, EventSource.TWILIO_INBOUND)

    def status() -> Response:
        return receive(context, EventSource.TWILIO_STATUS)

    for paths, name, view in ((INBOUND_PATHS, "inbound", inbound), (STATUS_PATHS, "status", status)):
        for path in (*paths, *(path + "/" for path in paths)):
            app.add_url_rule(path, f"twilio_{name}_{path}", view, methods=["POST"])


def receive(context: WebhookContext, source: EventSource) -> Response:
    """Verify against the public URL that Twilio signs, store, answer."""
    signature = request.headers.get("X-Twilio-Signature", "")
    if not looks_signed(signature):
        return context.refuse("twilio", 403, "Wrong signature.")
    try:
        body = read_body(LARGEST_BODY)
    except BodyRejected as error:
        return context.refuse("twilio", error.status, str(error))
    query = request.query_string.decode("latin-1")
    target = request.path + (f"?{query}" if query else "")
    content_type = request.headers.get("Content-Type", "")
    bases = context.public_bases()
    signers = context.secrets.verify_with(
        lambda secrets: secrets.twilio,
        lambda secret: any(verify_signature(base + target, body, content_type, signature, [secret]) for base in bases),
    )
    if signers is None:
        return context.refuse("twilio", 403, "Wrong signature.")
    event = RawEvent(source, content_type, query, body, datetime.now(UTC), signers)
    return context.store(event, _status_answer if source is EventSource.TWILIO_STATUS else _inbound_answer)


def _inbound_answer() -> Response:
    return Response(_EMPTY_TWIML, mimetype="text/xml")


def _status_answer() -> Response:
    return Response(status=204)
