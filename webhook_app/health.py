"""Liveness, readiness and metrics."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator

import redis
from flask import Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector
from sqlalchemy.exc import SQLAlchemyError

from core.channels.ssrf import is_public
from core.monitoring import prometheus_gauges, webhook_health
from core.platform import job_queue, machines
from core.platform.config import get_settings
from core.platform.crypto import token_hash


def register(app: Flask) -> None:
    """Add the routes."""
    app.add_url_rule("/healthz", "healthz", _alive)
    app.add_url_rule("/readyz", "readyz", _ready)
    app.add_url_rule("/metrics", "metrics", _metrics)


def _alive() -> Response:
    return jsonify(status="ok")


def _ready() -> tuple[Response, int]:
    """Ready means that messages are stored, which needs Postgres alone; a missing bell or worker is told, and is 503
    too, because nobody would be answered soon. Files that other machines cannot read are told, and no more than that.
    Strangers hear whether, not why."""
    parts = {
        "database": _state(prometheus_gauges.database_answers),
        "redis": _state(lambda: bool(job_queue.connection().ping())),
        "workers": _state(lambda: job_queue.workers_seen() > 0),
    }
    ready = all(state == "ok" for state in parts.values())
    told: dict[str, object] = {"status": "ok" if ready else "unavailable"}
    if _is_ours():
        told["parts"] = parts | {"files": _state(machines.files_are_shared, "apart")}
        told["webhooks"] = _webhooks()
    return jsonify(told), 200 if ready else 503


def _webhooks() -> dict[str, object] | None:
    """How those of the last five minutes were answered; null while nobody knows."""
    found = webhook_health.lately()
    return None if found is None else {
        "seconds": webhook_health.SECONDS, "total": found.all, "stored": found.stored, "refused": found.refused,
        "failed": found.failed, "share": found.share, "grade": found.grade,
    }  # fmt: skip


def _is_ours() -> bool:
    """Whether the request comes from this machine or its private network, or brings `BOTHUB_API_KEY`.

    What passed a proxy that `TRUSTED_PROXIES` does not count comes from nobody knows where.
    """
    key = get_settings().bothub_api_key
    given = request.authorization
    if key and given and given.type == "bearer" and hmac.compare_digest(token_hash(given.token or ""), token_hash(key)):
        return True
    passed_on = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    if passed_on and "werkzeug.proxy_fix.orig" not in request.environ:
        return False
    try:
        return not is_public(request.remote_addr or "")
    except ValueError:
        return False


def _state(check: Callable[[], bool], otherwise: str = "none seen") -> str:
    try:
        return "ok" if check() else otherwise
    except (SQLAlchemyError, redis.RedisError) as error:
        return type(error).__name__


class _Figures(Collector):
    """Figures from the database, read when they are asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, (value, meaning) in prometheus_gauges.queue_figures().items():
            yield GaugeMetricFamily(f"bothub_{name}", meaning, value=value)


def _metrics() -> Response:
    if not _is_ours():
        abort(403, "Metrics are for the private network, or for whoever brings BOTHUB_API_KEY as bearer token.")
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry = REGISTRY
    body = generate_latest(registry)
    figures_registry = CollectorRegistry()
    try:
        figures_registry.register(_Figures())
        body += generate_latest(figures_registry)
    except SQLAlchemyError:
        body += b"# the database did not answer\n"
    return Response(body, content_type=CONTENT_TYPE_LATEST)
