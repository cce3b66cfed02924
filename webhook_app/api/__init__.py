"""The REST API: one module per resource, described in OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, make_response
from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from flask_openapi_swagger.plugins import RegisterPlugin as SwaggerPages  # type: ignore[import-untyped]

from core.platform.config import Settings
from webhook_app.api import (
    alerts,
    blueprint,
    conversations,
    deprecated,
    errors,
    media,
    messages,
    products,
    queue,
    quotes,
    stats,
)
from webhook_app.api.auth import KeyCache, RateLimiter
from webhook_app.api.schemas import SendMessage

_ABOUT = """Send messages, read conversations and quotes, keep the catalogue, follow the queue.

Every call needs `Authorization: Bearer KEY`. Times are UTC. Errors are `application/problem+json`. Lists come in pages:
pass `next_cursor` as `cursor` until it is null. Texts are whole Unicode characters without U+0000."""
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def register(settings: Settings) -> Flask:
    """Create the application with the API's routes. Webhook routes are added later and bypass the API's hooks."""
    app = OpenAPI(
        "webhook_app",
        info=Info(title="BotHub", version="1", description=_ABOUT),
        security_schemes={blueprint.SECURITY_SCHEME: {"type": "http", "scheme": "bearer"}},
        validation_error_model=errors.ProblemBody,
        validation_error_callback=errors.invalid_request,
        doc_ui=False,
        static_folder=None,
    )
    app.openapi_version = "3.1.0"
    app.extensions["api_keys"] = KeyCache(settings.bothub_api_key)
    app.extensions["api_rate_limiter"] = RateLimiter()
    errors.register(app)
    for module in (messages, conversations, media, products, quotes, stats, queue, alerts, deprecated):
        app.register_api(module.api)
    _register_docs(app)
    return app


def _register_docs(app: OpenAPI) -> None:
    """Add the OpenAPI document and its page; scripts and styles come from the installed package."""
    pages = SwaggerPages.register(doc_url="openapi.json")
    app.register_blueprint(pages, url_prefix="/api")
    page: Any = app.view_functions[f"{pages.name}.{SwaggerPages.name}"]

    def docs() -> Response:
        response = make_response(page())
        response.headers["Content-Security-Policy"] = _DOCS_POLICY
        return response

    app.add_url_rule("/api/openapi.json", "openapi_document", lambda: jsonify(_document(app)))
    app.add_url_rule("/api/docs", "api_docs", docs)


def _document(app: OpenAPI) -> dict[str, Any]:
    """Return the document, with those schemas in full of which the library drops keywords (`if`, `propertyNames`)."""
    document = app.api_doc
    message = SendMessage.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= message.pop("$defs") | {SendMessage.__name__: message}
    return document
