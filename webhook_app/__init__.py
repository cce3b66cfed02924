"""The front door. `create_app()` checks the settings, and refuses to start where a webhook could not be verified."""

from __future__ import annotations

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from core.platform.config import Settings, get_settings
from core.platform.config_rules import check
from core.platform.logging import configure_logging
from webhook_app import files, health, meta, twilio
from webhook_app.api import register as register_api
from webhook_app.event_writer import EventWriter
from webhook_app.signing_secrets import SigningSecrets
from webhook_app.webhook_context import WebhookContext


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application.

    Raises:
        ConfigurationError: a setting is missing; above all, access to a provider without the secret that signs its
            webhooks.
    """
    settings = check(settings) if settings else get_settings()
    configure_logging(settings.log_level)
    app = register_api(settings)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
    door = WebhookContext(settings, SigningSecrets(settings), EventWriter(settings.database_url))
    app.extensions["door"] = door
    meta.register(app, door)
    twilio.register(app, door)
    files.register(app)
    health.register(app)
    app.register_error_handler(HTTPException, _problem)
    return app


def _problem(error: HTTPException) -> Response:
    """Every error is application/problem+json (RFC 9457), with the headers the error brings."""
    response = jsonify(
        type="about:blank", title=error.name, status=error.code or 500, detail=error.description or error.name
    )
    response.status_code = error.code or 500
    response.content_type = "application/problem+json"
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response
