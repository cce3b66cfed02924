"""How long customers wait after every worker was killed with -9."""

from __future__ import annotations

import time

from benchmarks.bench import Bench
from benchmarks.client import Client
from benchmarks.report import at_most, plain
from core.platform.config import Settings
from tests.support.stack import Stack, eventually

_LEASE_SECONDS = float(Settings.model_fields["lease_seconds"].default)
_NEVER_MS = 600_000


def run(bench: Bench) -> None:
    """A message that comes just after the kill, then one whose answer was under way, then one without the parent."""
    bench.tune_sandbox()
    bench.stack.wait_until_ready()
    _kill_workers(bench.stack)
    bench.figures.append(at_most("new message after kill -9 of all workers", _answered_in(bench), "s", 2))

    bench.tune_sandbox(openai={"latency_ms": _NEVER_MS})
    _post(bench)
    eventually(lambda: bench.stack.query("SELECT 1 FROM pending_replies WHERE leased_until IS NOT NULL"), seconds=20)
    _kill_workers(bench.stack)
    killed = time.time()
    bench.tune_sandbox()
    waited = _accepted_at(bench.stack) - killed
    bench.figures.append(at_most("message in flight, kill -9 of all workers", waited, "s", _LEASE_SECONDS + 2))

    _wait_until_settled(bench.stack)
    bench.stack.kill("workers")
    bench.figures.append(plain("new message after kill -9 of the workers and their parent", _answered_in(bench), "s"))


def _wait_until_settled(stack: Stack) -> None:
    """A child that dies right after its start is started again after a pause."""
    (workers,) = [child for child in stack.supervisor.children if child.name == "workers"]
    eventually(lambda: time.monotonic() - workers.started_at > 6, seconds=30)


def _kill_workers(stack: Stack) -> None:
    for process in stack.processes()["workers"].children():
        process.kill()


def _answered_in(bench: Bench) -> float:
    posted = _post(bench)
    return _accepted_at(bench.stack) - posted


def _post(bench: Bench) -> float:
    bench.stack.control("POST", "/clear", json={})
    with Client(bench.web_port, 1) as client:
        return client.saturate(bench.fresh_requests(1)).checked().sent_at[0]


def _accepted_at(stack: Stack) -> float:
    ledger = eventually(lambda: stack.control("GET", "/ledger"), seconds=60, every=0.02)
    return float(ledger[0]["accepted_at"])
