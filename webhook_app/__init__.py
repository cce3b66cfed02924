"""The web app. `create_app()` checks the settings and refuses to start when webhooks could not be verified."""

from __future__ import annotations

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from core.platform.config import Settings, get_settings
from core.platform.config_rules import check
from core.platform.logging import configure_logging
from webhook_app import files, health, webhooks
from webhook_app.api import register as register_api
from webhook_app.event_writer import EventWriter
from webhook_app.signing_secrets import SigningSecrets
from webhook_app.webhook_context import WebhookContext


def create_app(settings: Settings | None = None) -> Flask:
    """Create the WSGI application.

    Raises:
        ConfigurationError: a setting is missing, such as the secret that signs a provider's webhooks.
    """
    settings = check(settings) if settings else get_settings()
    configure_logging(settings.log_level)
    app = register_api(settings)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
    context = WebhookContext(settings, SigningSecrets(settings), EventWriter(settings.database_url))
    app.extensions["webhooks"] = context
    webhooks.register(app, context)
    files.register(app)
    health.register(app)
    app.register_error_handler(HTTPException, _problem)
    return app


def _problem(error: HTTPException) -> Response:
    """Return an error as application/problem+json (RFC 9457), with the error's own headers."""
    response = jsonify(
        type="about:blank", title=error.name, status=error.code or 500, detail=error.description or error.name
    )
    response.status_code = error.code or 500
    response.content_type = "application/problem+json"
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response
