"""The whole way, from the POST of a customer's message until the provider has accepted the answer."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from benchmarks.ack import contestant_environment, start_obvious
from benchmarks.bench import Bench
from benchmarks.client import Client
from benchmarks.report import at_least, at_most, contest, percentile, plain
from benchmarks.servers import Servers
from benchmarks.usage import Meter, resident_mb
from core.cli import demo_business
from tests.support.stack import eventually

SLOTS = 50  # WORKER_PROCESSES × WORKER_SLOTS
MODEL_SECONDS = 0.5
_FORKERS = 4
_POSTERS = 8
_ENOUGH = 500.0
_ROUND_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Flow:
    """So many customers wrote, were each answered once, and how long that took: first POST to last acceptance."""

    messages: int
    seconds: float
    cpu: dict[str, float]

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds


def run(bench: Bench) -> None:
    """Ours and the obvious pipeline in turns, first with a model that answers at once, then with one that thinks."""
    rounds = 1 if bench.quick else 3
    bench.stack.execute("""UPDATE channels SET settings = settings || '{"messages_per_second": 100000}'""")
    environment = contestant_environment(bench.stack, bench.signer.secret)
    environment["CONTESTANT_INSTRUCTIONS"] = _instructions()
    with Servers(bench.folder) as servers:
        obvious = start_obvious(servers, environment)
        for number in range(_FORKERS):
            servers.start(f"forker-{number}", ["benchmarks.contestants.forker"], environment)
        bench.tune_sandbox()
        many = _for_seconds(answered(bench, bench.web_port, 100, {}))
        few = _for_seconds(answered(bench, obvious.port, 20, {}))
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(answered(bench, bench.web_port, many, bench.stack.processes()))
            theirs.append(answered(bench, obvious.port, few, {}).per_second)
        _tell_rates(bench, ours, theirs)
        _with_statuses(bench, many)
        _thinking(bench, obvious.port)
    _memory(bench)


def _for_seconds(warming: Flow) -> int:
    """How many messages a round takes, judged by the warming up, so that a slow machine is done in time too."""
    return min(3_000, max(100, int(warming.per_second * _ROUND_SECONDS)))


def _tell_rates(bench: Bench, ours: list[Flow], theirs: list[float]) -> None:
    rates = [flow.per_second for flow in ours]
    bench.figures.append(at_least("messages answered, model 0 ms", statistics.median(rates), "/s", _ENOUGH))
    bench.figures.append(contest(f"{_FORKERS} forking RQ workers, a job per message", rates, theirs, "/s", 8))
    bench.notes.append(f"CPU ms per message (model 0 ms, no statuses): {_cpu_of(ours)}")


def _with_statuses(bench: Bench, many: int) -> None:
    bench.tune_sandbox(delivery={"statuses": "sent"})
    flow = answered(bench, bench.web_port, many, {})
    bench.figures.append(plain("  the same while each answer's `sent` status comes in", flow.per_second, "/s"))


def _thinking(bench: Bench, obvious_port: int) -> None:
    """A model that takes its time: how full the slots are kept."""
    many, few = (200, 12) if bench.quick else (600, 24)
    bench.tune_sandbox(openai={"latency_ms": MODEL_SECONDS * 1000})
    flow = answered(bench, bench.web_port, many, {})
    ideal = math.ceil(many / SLOTS) * MODEL_SECONDS
    bench.figures.append(at_least(f"share of ideal, model 500 ms, {SLOTS} slots", ideal / flow.seconds, "", 0.90))
    bench.figures.append(plain(f"  messages answered (ideal {SLOTS / MODEL_SECONDS:g}/s)", flow.per_second, "/s"))
    theirs = answered(bench, obvious_port, few, {}).per_second
    bench.figures.append(contest(f"{_FORKERS} forking RQ workers", [flow.per_second], [theirs], "/s", None))
    bench.tune_sandbox()


def _memory(bench: Bench) -> None:
    processes = bench.stack.processes()
    bench.figures += [
        at_most("memory of a web process after this", max(resident_mb(processes["web"])), "MB", 120),
        at_most("memory of a worker after this", max(resident_mb(processes["workers"])), "MB", 200),
    ]


def answered(bench: Bench, port: int, count: int, processes: Mapping[str, psutil.Process]) -> Flow:
    """Let `count` new customers write one message each and wait until all have their answer.

    Raises:
        RuntimeError: someone was answered twice, or by somebody else's message.
    """
    bench.stack.control("POST", "/clear", json={})
    requests = bench.fresh_requests(count)
    meter = Meter(processes)
    with Client(port, _POSTERS) as client:
        posted = client.saturate(requests).checked()
    eventually(lambda: bench.stack.control("GET", "/ledger/count")["total"] >= count, seconds=60 + count, every=0.1)
    cpu = meter.read() | {"load client": posted.client_cpu}
    ledger = bench.stack.control("GET", "/ledger")
    if len({row["to"] for row in ledger}) != count or len(ledger) != count:
        raise RuntimeError(f"{count} customers wrote, {len(ledger)} answers went to {len({r['to'] for r in ledger})}")
    return Flow(count, max(row["accepted_at"] for row in ledger) - posted.sent_at[0], cpu)


def latency(bench: Bench) -> None:
    """At a steady 50 messages a second: from the POST until the provider has the answer."""
    seconds, rate = (4, 50) if bench.quick else (12, 50)
    bench.stack.execute("""UPDATE channels SET settings = settings || '{"messages_per_second": 100000}'""")
    bench.tune_sandbox(delivery={"statuses": "sent"})
    answered(bench, bench.web_port, 50, {})
    bench.stack.control("POST", "/clear", json={})
    first = bench.next_person
    requests = bench.fresh_requests(rate * seconds)
    with Client(bench.web_port, _POSTERS) as client:
        posted = client.pace(requests, rate).checked()
    eventually(lambda: bench.stack.control("GET", "/ledger/count")["total"] >= len(requests), seconds=60, every=0.2)
    accepted = {row["to"]: row["accepted_at"] for row in bench.stack.control("GET", "/ledger")}
    people = bench.people(first, len(requests))
    taken = [accepted[person] - at for person, at in zip(people, posted.sent_at, strict=True)]
    bench.figures += [
        at_most("webhook to acceptance at 50/s, p50", percentile(taken, 0.50) * 1000, "ms", 40),
        at_most("webhook to acceptance at 50/s, p95", percentile(taken, 0.95) * 1000, "ms", 120),
    ]


def _cpu_of(flows: list[Flow]) -> str:
    spent = {name: statistics.median(flow.cpu[name] / flow.messages * 1000 for flow in flows) for name in flows[0].cpu}
    spent |= {"together": sum(spent.values())}
    return ", ".join(f"{name} {ms:.2f}" for name, ms in sorted(spent.items(), key=lambda item: -item[1]))


def _instructions() -> str:
    pairs = "\n".join(f"Q: {pair.question}\nA: {pair.answer}" for pair in demo_business.bot().qa_pairs)
    return f"Answer the customer of {demo_business.NAME} from these questions and answers.\n{pairs}"
