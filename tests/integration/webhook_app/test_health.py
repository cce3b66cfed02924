"""Liveness, readiness and metrics."""

from __future__ import annotations

from typing import Any

import pytest

from core.monitoring import webhook_health
from core.monitoring.webhook_health import Answered
from core.platform import job_queue
from core.platform.embedded import Embedded
from tests.support.database import start_postgres
from tests.support.provider_bodies import meta_body, post_meta, text_value


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
    worker = job_queue.worker()
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
    assert metrics.status_code == 503


def test_metrics_cover_the_queues(client: Any) -> None:
    post_meta(client, meta_body(text_value("Hola")))
    client.post("/api/webhooks/whatsapp", data=b"{}")
    text = client.get("/metrics").text
    assert "bothub_events_pending 1.0" in text


def test_the_share_of_stored_webhooks_is_reported(
    client: Any, servers: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_health, "KEY", "bothub:webhooks:of-this-test:")
    context = client.application.extensions["webhooks"]
    for number in range(3):
        post_meta(client, meta_body(text_value(f"Bom dia {number}")))
    client.post("/api/webhooks/whatsapp", data=b"{}")
    client.post("/api/webhooks/twilio", data={"From": "+351912345678"})
    servers.postgres.stop()
    try:
        post_meta(client, meta_body(text_value("perdida")))
    finally:
        start_postgres(servers)
    context.answers.flush()
    assert webhook_health.lately() == Answered(stored=3, refused=2, failed=1)
    told = client.get("/readyz").json["webhooks"]
    assert (told["total"], told["share"], told["grade"]) == (6, 0.5, "too_few")


def test_webhooks_are_answered_while_nobody_can_count_them(client: Any, servers: Embedded) -> None:
    servers.redis.stop()
    try:
        assert post_meta(client, meta_body(text_value("Olá"))).status_code == 200
        client.application.extensions["webhooks"].answers.flush()
        assert client.get("/readyz").json["webhooks"] is None
    finally:
        servers.redis.start()


@pytest.mark.parametrize(
    ("counts", "grade"),
    [((0, 0, 0), "none"), ((7, 0, 0), "well"), ((990, 10, 0), "well"), ((98, 0, 2), "few"), ((89, 11, 0), "too_few")],
)
def test_a_share_is_graded(counts: tuple[int, int, int], grade: str) -> None:
    assert Answered(*counts).grade == grade
