"""Counters and histograms of the whole installation, for Prometheus.

Modules define instruments with `counter` and `histogram` and use them like those of prometheus_client. Each process
adds what it counted to one table every few seconds, and `/metrics` reads that table: the figures are the same on every
machine and survive restarts. A process that ends loses the counts of its last seconds.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import Metric
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.platform.db import run, system_transaction

log = structlog.get_logger(__name__)

_SAVE_SECONDS = 10.0
_registry = CollectorRegistry()
_Key = tuple[str, str]  # the sample's name, its labels as JSON


def counter(name: str, meaning: str, *labels: str) -> Counter:
    """Define a counter `bothub_<name>_total`. Label values must be few: each combination is a row."""
    return Counter(f"bothub_{name}", meaning, labels, registry=_registry)


def histogram(name: str, meaning: str, *labels: str, buckets: Sequence[float]) -> Histogram:
    """Define a histogram `bothub_<name>` with these upper limits."""
    return Histogram(f"bothub_{name}", meaning, labels, buckets=buckets, registry=_registry)


@dataclass(frozen=True, slots=True)
class _Increment:
    """What a sample grew by."""

    family: str
    kind: str
    meaning: str
    sample: str
    labels: str
    value: float

    @property
    def key(self) -> _Key:
        return self.sample, self.labels


class Saver:
    """Adds what the instruments of a registry counted to the table. Not thread-safe."""

    def __init__(self, registry: CollectorRegistry = _registry) -> None:
        self._instruments = registry
        self._saved: dict[_Key, float] = {}

    def save(self) -> None:
        """Add what was counted since the last save. Raises `SQLAlchemyError`: nothing was added, the next save will."""
        grown = list(self._grown())
        if not grown:
            return
        with system_transaction() as session:
            rows = sorted(grown, key=lambda one: one.key)  # one order of locks in all processes
            run(session, _ADD, {"grown": json.dumps([_document(one) for one in rows])})
        for one in grown:
            self._saved[one.key] = self._saved.get(one.key, 0.0) + one.value

    def _grown(self) -> Iterator[_Increment]:
        for family in self._instruments.collect():
            for sample in family.samples:
                if sample.name.endswith("_created"):
                    continue
                labels = json.dumps(sample.labels, sort_keys=True).replace("\\u0000", "")  # which Postgres cannot store
                value = sample.value - self._saved.get((sample.name, labels), 0.0)
                if value > 0:
                    yield _Increment(family.name, family.type, family.documentation, sample.name, labels, value)


def _document(one: _Increment) -> dict[str, object]:
    return {
        "family": one.family, "kind": one.kind, "meaning": one.meaning, "sample": one.sample,
        "labels": json.loads(one.labels), "value": one.value,
    }  # fmt: skip


_ADD = """
INSERT INTO metric_totals (sample, labels, family, kind, meaning, value)
SELECT sample, labels, family, kind, meaning, value FROM jsonb_to_recordset(%(grown)s::jsonb)
    AS g (sample text, labels jsonb, family text, kind text, meaning text, value double precision)
ON CONFLICT (sample, labels) DO UPDATE SET value = metric_totals.value + excluded.value, meaning = excluded.meaning
"""


def totals(session: Session) -> list[Metric]:
    """Return the totals of all processes, as prometheus_client's metric families. Needs a system transaction."""
    families: dict[str, Metric] = {}
    query = "SELECT family, kind, meaning, sample, labels, value FROM metric_totals ORDER BY family, sample, labels"
    for family, kind, meaning, sample, labels, value in run(session, query, {}):
        families.setdefault(family, Metric(family, meaning, kind)).add_sample(sample, labels, value)
    return list(families.values())


def defined_names() -> set[str]:
    """Return the names of all samples that the loaded modules may count."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {family.name + ending for family in _registry.collect() for ending in endings[family.type]}


def start_saving() -> None:
    """Save every few seconds from a thread of its own. Call it after fork."""
    saver = Saver()
    pause = threading.Event()

    def save_forever() -> None:
        while not pause.wait(_SAVE_SECONDS):
            try:
                saver.save()
            except SQLAlchemyError as error:
                log.warning("metrics_not_saved", error=type(error).__name__)

    threading.Thread(target=save_forever, name="metrics", daemon=True).start()
