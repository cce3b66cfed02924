"""Liveness, readiness and metrics."""

from __future__ import annotations

from typing import Any

from core import bell
from core.embedded import Embedded
from tests.inbox.steps import start_postgres
from tests.messages import meta_body, post_meta, text_value


def test_alive_needs_nothing(client: Any, servers: Embedded) -> None:
    servers.redis.stop()
    try:
        assert client.get("/healthz").json == {"status": "ok"}
    finally:
        servers.redis.start()


def test_not_ready_without_workers(client: Any) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["parts"] == {"database": "ok", "redis": "ok", "workers": "none seen", "files": "ok"}


def test_ready_with_everything(client: Any) -> None:
    worker = bell.worker()
    worker.register_birth()
    try:
        assert client.get("/readyz").status_code == 200
    finally:
        worker.register_death()


def test_not_ready_without_servers(client: Any, servers: Embedded) -> None:
    servers.redis.stop()
    servers.postgres.stop()
    try:
        response = client.get("/readyz")
        metrics = client.get("/metrics")
    finally:
        start_postgres(servers)
        servers.redis.start()
    assert response.status_code == 503
    assert response.json["parts"]["database"] == "OperationalError"
    assert response.json["parts"]["redis"] == "ConnectionError"
    assert metrics.status_code == 200, "what the process itself counted is told all the same"


def test_metrics_tell_of_the_queues_and_refusals(client: Any) -> None:
    post_meta(client, meta_body(text_value("Hola")))
    client.post("/api/webhooks/whatsapp", data=b"{}")
    text = client.get("/metrics").text
    assert "bothub_events_pending 1.0" in text
    assert 'bothub_webhooks_refused_total{code="403",source="whatsapp_cloud"}' in text
