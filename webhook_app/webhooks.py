"""The webhooks of the registered providers: verify, store, answer.

A provider takes only its own answer for delivered, so that is the answer to every verified and stored event, usable or
not, and 503 only to what could not be stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from flask import Flask, Response, request

from core.channels.provider import Provider
from core.channels.registry import PROVIDERS
from core.channels.webhook import Challenge, SignedRequest, Webhook, WebhookAnswer
from core.messaging.inbound.webhook_events import RawEvent
from webhook_app.request_body import BodyRejected, read_body
from webhook_app.webhook_context import WebhookContext


def register(app: Flask, context: WebhookContext) -> None:
    """Add the routes of every provider."""
    by_path: dict[str, list[tuple[Provider, Webhook]]] = defaultdict(list)
    for provider in PROVIDERS.values():
        for webhook in provider.webhooks:
            for path in webhook.paths:
                by_path[path].append((provider, webhook))
    for path, sharing in by_path.items():
        challenged = next(((provider, provider.challenge) for provider, _ in sharing if provider.challenge), None)
        for spelling in (path, f"{path}/"):
            app.add_url_rule(spelling, f"events_{spelling}", partial(_receive, context, sharing), methods=["POST"])
            if challenged:
                view = partial(_challenge, context, *challenged)
                app.add_url_rule(spelling, f"challenge_{spelling}", view, methods=["GET"])


def _challenge(context: WebhookContext, provider: Provider, challenge: Challenge) -> Response:
    args = request.args
    owners = context.secrets.verify_with(
        lambda secrets: secrets.challenges[provider.name], lambda token: challenge.answer(args, token) is not None
    )
    if owners is None:
        return context.refuse(provider.name, 403, "Wrong verify token.")
    return Response(challenge.answer(args, owners.secret), mimetype="text/plain")


def _receive(context: WebhookContext, sharing: Sequence[tuple[Provider, Webhook]]) -> Response:
    provider, webhook = next((one for one in sharing if one[1].signature_header in request.headers), sharing[0])
    signature = request.headers.get(webhook.signature_header, "")
    if not webhook.looks_signed(signature):
        return context.refuse(provider.name, 403, "Wrong signature.")
    try:
        body = read_body(webhook.largest_body)
    except BodyRejected as error:
        return context.refuse(provider.name, error.status, str(error))
    query = request.query_string.decode("latin-1")
    target = request.path + (f"?{query}" if query else "")
    content_type = request.headers.get("Content-Type", "")
    received = SignedRequest(body, content_type, signature, [base + target for base in context.public_bases()])
    signer = context.secrets.verify_with(
        lambda secrets: secrets.signing[provider.name], lambda secret: webhook.verify(received, secret)
    )
    if signer is None:
        return context.refuse(provider.name, 403, "Wrong signature.")
    if fault := webhook.fault(body):
        return context.refuse(provider.name, 400, fault)
    stored_query = query if webhook.signs_url else ""
    event = RawEvent(webhook.source, content_type, stored_query, body, datetime.now(UTC), signer.channels)
    return context.store(event, partial(_response, webhook.answer))


def _response(answer: WebhookAnswer) -> Response:
    return Response(answer.body, answer.status, mimetype=answer.content_type)
