"""Counters of all processes: added to one table, read on each scrape."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import SQLAlchemyError

import workers.work_loop  # noqa: F401 - loads all modules that count
from core.bots.llm import call_metrics
from core.bots.llm.types import Usage
from core.platform import metrics
from core.platform.embedded import Embedded
from tests.support.database import start_postgres
from tests.support.provider_bodies import meta_body, post_meta, text_value

_DASHBOARD = Path(__file__).parents[3] / "docs/deploy/grafana-dashboard.json"


def scraped(client: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def counted() -> tuple[CollectorRegistry, Counter, Histogram]:
    registry = CollectorRegistry()
    orders = Counter("orders", "Orders", ["town"], registry=registry)
    waits = Histogram("wait_seconds", "Waits", buckets=(1, 5), registry=registry)
    return registry, orders, waits


def test_processes_add_up_and_nothing_is_added_twice(client: Any, counted: Any) -> None:
    registry, orders, waits = counted
    first, second = metrics.Saver(registry), metrics.Saver(registry)  # two processes that count the same
    orders.labels('São "Paulo"\n').inc(2)
    waits.observe(3)
    for saver in (first, second, first):
        saver.save()
    orders.labels('São "Paulo"\n').inc()
    first.save()
    found = scraped(client)
    assert found["orders_total", (("town", 'São "Paulo"\n'),)] == 5
    assert found["wait_seconds_bucket", (("le", "5.0"),)] == 2
    assert found["wait_seconds_count", ()] == 2
    assert found["wait_seconds_sum", ()] == 6


def test_a_label_that_postgres_cannot_store_stops_nothing(client: Any, counted: Any) -> None:
    registry, orders, _ = counted
    orders.labels("Li\0ma").inc()
    orders.labels("Porto").inc()
    metrics.Saver(registry).save()
    found = scraped(client)
    assert found["orders_total", (("town", "Lima"),)] == found["orders_total", (("town", "Porto"),)] == 1


def test_savers_at_once_lose_nothing(client: Any, counted: Any) -> None:
    registry, orders, _ = counted
    for town in ("Lima", "Porto", "Leeds"):
        orders.labels(town).inc(7)
    threads = [threading.Thread(target=metrics.Saver(registry).save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {scraped(client)["orders_total", (("town", town),)] for town in ("Lima", "Porto", "Leeds")} == {42}


def test_counts_wait_for_postgres(client: Any, servers: Embedded, counted: Any) -> None:
    registry, orders, _ = counted
    saver = metrics.Saver(registry)
    orders.labels("Lima").inc()
    servers.postgres.stop()
    try:
        with pytest.raises(SQLAlchemyError):
            saver.save()
        assert client.get("/metrics").status_code == 503
    finally:
        start_postgres(servers)
    saver.save()
    assert scraped(client)["orders_total", (("town", "Lima"),)] == 1


def test_webhooks_sends_and_model_calls_are_counted(client: Any, business: Any) -> None:
    saver = metrics.Saver()
    saver.save()
    before = scraped(client)
    post_meta(client, meta_body(text_value("Buenas, ¿abren hoy?")))
    client.post("/api/webhooks/whatsapp", data=b"{}")
    call_metrics.count("model-1", "answered", Usage(input=100, cached=40, output=20), 0.7)
    saver.save()
    after = scraped(client)

    def grown(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after[key] - before.get(key, 0)

    assert grown("bothub_webhooks_total", source="whatsapp_cloud", code="200") == 1
    assert grown("bothub_webhooks_total", source="whatsapp_cloud", code="403") == 1
    assert grown("bothub_webhook_store_seconds_count", source="whatsapp_cloud") == 1
    assert grown("bothub_model_tokens_total", model="model-1", direction="cached") == 40
    assert grown("bothub_model_seconds_bucket", model="model-1", le="1.0") == 1
    assert after["bothub_queue_due", (("kind", "inbound"),)] == 1


def test_the_dashboard_names_only_what_is_measured(client: Any, business: Any) -> None:
    metrics.Saver().save()
    defined = metrics.defined_names() | {name for name, _ in scraped(client)}
    queries = [target["expr"] for panel in json.loads(_DASHBOARD.read_text())["panels"] for target in panel["targets"]]
    used = {name for query in queries for name in re.findall(r"bothub_\w+", query)}
    assert used <= defined
