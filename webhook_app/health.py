"""Liveness, readiness and metrics."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterable

import redis
from flask import Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from core.monitoring import prometheus_gauges, webhook_health
from core.platform import job_queue, machines, metrics
from core.platform.config import get_settings
from core.platform.crypto import token_hash
from core.platform.db import system_transaction

_INTERNAL = tuple(map(ipaddress.ip_network, (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
    "::1/128", "fc00::/7", "fe80::/10",
)))  # fmt: skip


def register(app: Flask) -> None:
    """Add the routes."""
    app.add_url_rule("/healthz", "healthz", _alive)
    app.add_url_rule("/readyz", "readyz", _ready)
    app.add_url_rule("/metrics", "metrics", _metrics)


def _alive() -> Response:
    return jsonify(status="ok")


def _ready() -> tuple[Response, int]:
    """Readiness. Storing messages needs only Postgres, but without Redis or workers nobody would be answered soon: 503.

    Files that other machines cannot read are reported and do not change the status. Only requests from the private
    network or with the key see the parts.
    """
    parts = {
        "database": _state(prometheus_gauges.database_answers),
        "redis": _state(lambda: bool(job_queue.connection().ping())),
        "workers": _state(lambda: job_queue.workers_seen() > 0),
    }
    ready = all(state == "ok" for state in parts.values())
    body: dict[str, object] = {"status": "ok" if ready else "unavailable"}
    if _is_trusted():
        body["parts"] = parts | {"files": _state(machines.files_are_shared, "apart")}
        body["webhooks"] = _webhooks()
    return jsonify(body), 200 if ready else 503


def _webhooks() -> dict[str, object] | None:
    """Return how webhooks of the last five minutes were answered; None while unknown."""
    found = webhook_health.lately()
    return None if found is None else {
        "seconds": webhook_health.SECONDS, "total": found.all, "stored": found.stored, "refused": found.refused,
        "failed": found.failed, "share": found.share, "grade": found.grade,
    }  # fmt: skip


def _is_trusted() -> bool:
    """Whether the request comes from this machine or its private network, or carries `BOTHUB_API_KEY`.

    Behind a proxy that `TRUSTED_PROXIES` does not count the origin is unknown.
    """
    key = get_settings().bothub_api_key
    sent = request.authorization
    if key and sent and sent.type == "bearer" and hmac.compare_digest(token_hash(sent.token or ""), token_hash(key)):
        return True
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    if forwarded and "werkzeug.proxy_fix.orig" not in request.environ:
        return False
    try:
        client = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    client = getattr(client, "ipv4_mapped", None) or client
    return any(client in network for network in _INTERNAL)


def _state(check: Callable[[], bool], otherwise: str = "none seen") -> str:
    try:
        return "ok" if check() else otherwise
    except (SQLAlchemyError, redis.RedisError) as error:
        return type(error).__name__


class _FromDatabase(Collector):
    """The counters of all processes and the state of the queues, read on each scrape."""

    def collect(self) -> Iterable[Metric]:
        with system_transaction() as session:
            return [*metrics.totals(session), *prometheus_gauges.gauges(session)]


def _metrics() -> Response:
    if not _is_trusted():
        abort(403, "Metrics are for the private network, or for whoever brings BOTHUB_API_KEY as bearer token.")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromDatabase())
    try:
        body = generate_latest(registry)
    except SQLAlchemyError:
        abort(503, "The database does not answer.")
    return Response(body, content_type=CONTENT_TYPE_LATEST)
