"""The whole product in real processes, over servers of its own, with the sandbox in the providers' place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import requests

from core.config import load
from core.supervisor import Supervisor

Result = TypeVar("Result")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """Web app, workers, scheduler and sandbox, as `make run` starts them, and what a test asks of them."""

    def __init__(self, supervisor: Supervisor, environment: dict[str, str]) -> None:
        self.supervisor = supervisor
        self.environment = environment
        self.web = f"http://127.0.0.1:{environment['WEB_PORT']}"
        self.sandbox = f"http://127.0.0.1:{environment['SANDBOX_PORT']}"
        self.api_key = environment["BOTHUB_API_KEY"]

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its owner."""
        with psycopg.connect(self.environment["DATABASE_URL"], connect_timeout=5) as connection:
            return connection.execute(sql, values or None).fetchall()  # type: ignore[arg-type]

    def control(self, method: str, path: str, **arguments: Any) -> Any:
        """Call the sandbox's control API."""
        response = requests.request(method, f"{self.sandbox}/sandbox/api{path}", timeout=30, **arguments)
        response.raise_for_status()
        return response.json() if response.content else None

    def api(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Call the product's REST API."""
        headers = {"Authorization": f"Bearer {self.api_key}", **arguments.pop("headers", {})}
        return requests.request(method, f"{self.web}/api/v1{path}", headers=headers, timeout=30, **arguments)

    def kill(self, name: str) -> None:
        """kill -9 a child and everything it started, or an embedded server."""
        if name in ("postgres", "redis"):
            assert self.supervisor.embedded is not None
            server = getattr(self.supervisor.embedded, name)
            if server.process is not None:
                server.process.kill()
            return
        for child in self.supervisor.children:
            if child.name == name and child.process is not None and child.process.poll() is None:
                os.killpg(child.process.pid, signal.SIGKILL)


def eventually(check: Callable[[], Result], *, seconds: float = 20, every: float = 0.05) -> Result:
    """The first true result of `check`. Fails with its last result when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds} s; last: {result!r}"
        time.sleep(every)


@contextmanager
def running_stack(folder: Path, *, without: tuple[str, ...] = ("console",), **settings: str) -> Iterator[Stack]:
    """Start everything on free ports, with settings changed as given; stop it all at the end."""
    chosen = {
        "DATA_DIR": str(folder),
        "WEB_PORT": str(free_port()),
        "CONSOLE_PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "SANDBOX": "1",
        "BOTHUB_API_KEY": "scenario-key",
        "REPLY_QUIET_SECONDS": "0.5",
        "LOG_LEVEL": "WARNING",
        **settings,
    }
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    supervisor = Supervisor(load(**{name.lower(): value for name, value in chosen.items()}, _env_file=None))
    stop = threading.Event()
    with supervisor.sole_owner():
        supervisor.start_servers()
        environment = {**supervisor.environment(base=inherited), **chosen}
        _set_up(environment)
        supervisor.start_children(environment, without=without)
        keeper = threading.Thread(target=_keep, args=(supervisor, stop), daemon=True)
        keeper.start()
        try:
            stack = Stack(supervisor, environment)
            eventually(
                lambda: _answers(f"{stack.web}/readyz") and _answers(f"{stack.sandbox}/sandbox/healthz"), seconds=60
            )
            yield stack
        finally:
            stop.set()
            keeper.join()
            supervisor.stop()


_NOT_INHERITED = frozenset(
    {"DATABASE_URL", "REDIS_URL", "ENCRYPTION_KEYS", "SECRET_KEY", "PUBLIC_URL", "DATA_DIR", "SANDBOX"}
    | {name for name in os.environ if name.startswith(("WHATSAPP_", "TWILIO_", "OPENAI_"))}
)


def _set_up(environment: dict[str, str]) -> None:
    """Migrate and make the business, in a process of its own as its settings are not this one's."""
    for command in ("migrate", "setup"):
        subprocess.run(
            [sys.executable, "-m", "core.cli", command],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )


def _keep(supervisor: Supervisor, stop: threading.Event) -> None:
    while not stop.is_set():
        supervisor.look_after()
        stop.wait(0.1)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
