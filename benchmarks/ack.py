"""How fast a webhook is acknowledged durably, beside other ways to do that on the same Postgres."""

from __future__ import annotations

import contextlib
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import redis

from benchmarks.bench import Bench
from benchmarks.client import Client, Run
from benchmarks.report import at_most, contest, percentile, plain
from benchmarks.servers import Servers
from benchmarks.usage import Meter
from tests.support.stack import Stack, free_port

CONNECTIONS = 32
MOST_PER_SECOND = 16_000  # requests prepared per second of a round: more than any contestant answers
PACED = 500
OURS = "BotHub"
_PGBENCH = "pgbench, single-row insert, 8 clients"
_OBVIOUS = "the obvious handler (Flask gthread, ORM, RQ job)"
_BY_HAND = "FastAPI + asyncpg by hand, 2 processes"
_HELLO = "Flask hello, gevent, 2 processes"
_TARGETS = {_OBVIOUS: 4.0, _BY_HAND: 0.9, _HELLO: 0.40, _PGBENCH: 0.30}


@dataclass(frozen=True, slots=True)
class Contestant:
    """A running web app: its port and its process."""

    port: int
    process: psutil.Process


def run(bench: Bench) -> None:
    """Rounds in turns, then a steady rate. Only the web app runs: nobody works on what is stored."""
    rounds, seconds = (2, 1.0) if bench.quick else (5, 1.5)
    with Servers(bench.folder) as servers:
        contestants = {OURS: Contestant(bench.web_port, bench.stack.processes()["web"]), **_others(bench, servers)}
        rates, costs = _rounds(bench, contestants, rounds, seconds)
    bench.figures.append(plain("durable acknowledge, gunicorn gevent × 2", statistics.median(rates[OURS]), "/s"))
    for name, target in _TARGETS.items():
        if name in rates:
            bench.figures.append(contest(name, rates[OURS], rates[name], "/s", target))
    bench.notes += [f"CPU µs per request, {name}: {cost}" for name, cost in costs.items()]
    _paced(bench)
    bench.stack.execute("TRUNCATE webhook_events CASCADE")


def _others(bench: Bench, servers: Servers) -> dict[str, Contestant]:
    environment = contestant_environment(bench.stack, bench.signer.secret)
    made = {_OBVIOUS: start_obvious(servers, environment)}
    prepare = "import asyncio, benchmarks.contestants.by_hand as b; asyncio.run(b.make_table())"
    subprocess.run([sys.executable, "-c", prepare], env=environment, check=True, timeout=30)
    port = free_port()
    arguments = ["uvicorn", "benchmarks.contestants.by_hand:app", "--port", str(port), "--workers", "2"]
    arguments += ["--log-level", "warning", "--no-access-log"]
    made[_BY_HAND] = Contestant(port, servers.start("by-hand", arguments, environment, port=port))
    port = free_port()
    arguments = ["gunicorn", "-k", "gevent", "-w", "2", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    arguments += ["benchmarks.contestants.hello:app"]
    made[_HELLO] = Contestant(port, servers.start("hello", arguments, environment, port=port))
    return made


def start_obvious(servers: Servers, environment: Mapping[str, str]) -> Contestant:
    """The obvious handler with its table."""
    prepare = "import benchmarks.contestants.obvious as o; o.Base.metadata.create_all(o.engine)"
    subprocess.run([sys.executable, "-c", prepare], env=dict(environment), check=True, timeout=30)
    port = free_port()
    arguments = ["gunicorn", "-k", "gthread", "-w", "2", "--threads", "16", "-b", f"127.0.0.1:{port}"]
    arguments += ["--keep-alive", "75", "--no-control-socket", "benchmarks.contestants.obvious:app"]
    return Contestant(port, servers.start("obvious", arguments, environment, port=port))


def contestant_environment(stack: Stack, secret: str) -> dict[str, str]:
    """Where the contestants find the same Postgres and Redis, in databases of their own; what waited there is gone."""
    redis_url = stack.environment["REDIS_URL"].replace("db=0", "db=1")
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        client.flushdb()
    ours = stack.environment["DATABASE_URL"]
    with psycopg.connect(ours, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'contestants'").fetchone():
            connection.execute("CREATE DATABASE contestants")
    return {
        **stack.environment,
        "CONTESTANT_DATABASE_URL": ours.replace("/bothub?", "/contestants?"),
        "CONTESTANT_REDIS_URL": redis_url,
        "CONTESTANT_PROVIDER_URL": stack.sandbox,
        "CONTESTANT_PHONE_NUMBER_ID": stack.environment["WHATSAPP_PHONE_NUMBER_ID"],
        "CONTESTANT_SECRET": secret,
    }


def _rounds(
    bench: Bench, contestants: Mapping[str, Contestant], rounds: int, seconds: float
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Requests per second by contestant and round, and what a request costs each."""
    rates: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, str] = {}
    pgbench = Pgbench.find(bench)
    for number in range(rounds + 1):
        warming = number == 0
        length = 0.3 if warming else seconds
        requests = bench.fresh_requests(int(MOST_PER_SECOND * length))
        for name, contestant in contestants.items():
            servers = {k: v for k, v in bench.stack.processes().items() if k in ("postgres", "redis")}
            meter = Meter({"app": contestant.process, **servers})
            with Client(contestant.port, CONNECTIONS) as client:
                run = client.saturate(requests, seconds=length).checked()
            if not warming:
                rates[name].append(run.per_second)
                costs[name] = _cost(run, meter)
        if pgbench and not warming:
            rates[_PGBENCH].append(pgbench.per_second(seconds))
    if not pgbench:
        bench.notes.append("pgbench was not found: that comparison is left out")
    return rates, costs


def _cost(run: Run, meter: Meter) -> str:
    requests = len(run.acknowledged)
    parts = {name: spent / requests * 1e6 for name, spent in meter.read().items()}
    parts["client"] = run.client_cpu / requests * 1e6
    return ", ".join(f"{name} {cost:.0f}" for name, cost in parts.items())


def _paced(bench: Bench) -> None:
    seconds = 2 if bench.quick else 5
    with Client(bench.web_port, CONNECTIONS) as client:
        client.pace(bench.fresh_requests(PACED), PACED).checked()
        run = client.pace(bench.fresh_requests(PACED * seconds), PACED).checked()
    bench.figures += [
        at_most(f"  acknowledged at {PACED}/s, p50", percentile(run.latencies, 0.50) * 1000, "ms", 3),
        at_most(f"  acknowledged at {PACED}/s, p99", percentile(run.latencies, 0.99) * 1000, "ms", 10),
    ]


@dataclass(frozen=True, slots=True)
class Pgbench:
    """Postgres's own load client, inserting the same kind of row into a copy of our table, one commit each."""

    program: Path
    socket_folder: str
    script: Path

    @classmethod
    def find(cls, bench: Bench) -> Pgbench | None:
        assert bench.stack.supervisor.embedded is not None
        program = Path(bench.stack.supervisor.embedded.postgres.command[0]).with_name("pgbench")
        if not program.exists():
            return None
        folder = parse_qs(urlsplit(bench.stack.environment["DATABASE_URL"]).query)["host"][0]
        bench.stack.execute("CREATE TABLE IF NOT EXISTS pgbench_events (LIKE webhook_events INCLUDING ALL)")
        script = bench.folder / "insert.sql"
        body = "x" * len(bench.fresh_requests(1)[0])
        script.write_text(
            "INSERT INTO pgbench_events (source, digest, content_type, query, body, received_at) VALUES"
            f" ('whatsapp_cloud', uuid_send(gen_random_uuid()), 'application/json', '', '{body}', now());\n"
        )
        return cls(program, folder, script)

    def per_second(self, seconds: float) -> float:
        result = subprocess.run(
            [str(self.program), "-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", str(max(1, round(seconds))),
             "-f", str(self.script), "-h", self.socket_folder, "-U", "postgres", "bothub"],
            check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        found = re.search(r"tps = ([\d.]+)", result.stdout)
        if not found:
            raise RuntimeError(f"pgbench told no rate: {result.stdout}")
        return float(found[1])
