"""The whole product in real processes, over servers of its own, with the sandbox in the providers' place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import psutil
import psycopg
import requests

from core.platform.config import Settings, load
from core.platform.supervisor import Supervisor

Result = TypeVar("Result")
PROCESSES = ("web", "workers", "scheduler", "console", "sandbox")


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """Web app, workers, scheduler and sandbox, as `make run` starts them, and what one asks of them."""

    def __init__(self, supervisor: Supervisor, environment: dict[str, str]) -> None:
        self.supervisor = supervisor
        self.environment = environment
        self.web = f"http://127.0.0.1:{environment['WEB_PORT']}"
        self.sandbox = f"http://127.0.0.1:{environment['SANDBOX_PORT']}"
        self.api_key = environment["BOTHUB_API_KEY"]

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its owner."""
        with psycopg.connect(self.environment["DATABASE_URL"], connect_timeout=5) as connection:
            return connection.execute(sql, values or None).fetchall()

    def execute(self, sql: str) -> None:
        """Change the database as its owner."""
        with psycopg.connect(self.environment["DATABASE_URL"], connect_timeout=5) as connection:
            connection.execute(sql)

    def control(self, method: str, path: str, **arguments: Any) -> Any:
        """Call the sandbox's control API."""
        response = requests.request(method, f"{self.sandbox}/sandbox/api{path}", timeout=30, **arguments)
        response.raise_for_status()
        return response.json() if response.content else None

    def api(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Call the product's REST API."""
        headers = {"Authorization": f"Bearer {self.api_key}", **arguments.pop("headers", {})}
        return requests.request(method, f"{self.web}/api/v1{path}", headers=headers, timeout=30, **arguments)

    def start(self, *names: str) -> None:
        """Start more of the product's processes, and return once the product is ready."""
        self.supervisor.start_children(self.environment, without=[name for name in PROCESSES if name not in names])
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return once everything that was started answers."""
        names = {child.name for child in self.supervisor.children}
        ready = "readyz" if any(name == "workers" for name in names) else "healthz"
        wanted = [f"{self.web}/{ready}"] if "web" in names else []
        wanted += [f"{self.sandbox}/sandbox/healthz"] if "sandbox" in names else []
        eventually(lambda: all(_answers(url) for url in wanted), seconds=60)

    def kill(self, name: str) -> None:
        """Kill (-9) a child and everything it started, or an embedded server. A "worker" is one of those that work."""
        if name in ("postgres", "redis"):
            assert self.supervisor.embedded is not None
            server = getattr(self.supervisor.embedded, name)
            if server.process is not None:
                server.process.kill()
            return
        if name == "worker":
            for process in self.processes()["workers"].children()[:1]:
                process.kill()
        for child in self.supervisor.children:
            if child.name == name and child.process is not None and child.process.poll() is None:
                os.killpg(child.process.pid, signal.SIGKILL)

    def processes(self) -> dict[str, psutil.Process]:
        """What runs now, by name, the embedded servers among them. Each may have children of its own."""
        assert self.supervisor.embedded is not None
        started = {child.name: child.process for child in self.supervisor.children}
        started |= {name: getattr(self.supervisor.embedded, name).process for name in ("postgres", "redis")}
        return {name: psutil.Process(process.pid) for name, process in started.items() if process is not None}


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
def running_stack(folder: Path, *, without: Collection[str] = ("console",), **settings: str) -> Iterator[Stack]:
    """Start everything on free ports, with settings changed as given; stop it all at the end."""
    chosen = {
        "DATA_DIR": str(folder),
        "WEB_PORT": str(free_port()),
        "CONSOLE_PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "MAIL_PORT": str(free_port()),
        "IMAP_PORT": str(free_port()),
        "SANDBOX": "1",
        "BOTHUB_API_KEY": "scenario-key",
        "REPLY_QUIET_SECONDS": "0.5",
        "LOG_LEVEL": "WARNING",
        **settings,
    }
    inherited = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    with mock.patch.dict(os.environ, {**inherited, **chosen}, clear=True):
        supervisor = Supervisor(load(_env_file=None))
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does, and all that was started
    stop = threading.Event()
    with supervisor.sole_owner():
        keeper = threading.Thread(target=_keep, args=(supervisor, stop), daemon=True)
        try:
            supervisor.start_servers()
            environment = {**supervisor.environment(base=inherited), **chosen}
            _set_up(environment)
            supervisor.start_children(environment, without=without)
            keeper.start()
            stack = Stack(supervisor, environment)
            stack.wait_until_ready()
            yield stack
        finally:
            stop.set()
            if keeper.is_alive():
                keeper.join()
            supervisor.stop()


def _set_up(environment: dict[str, str]) -> None:
    """Migrate and make the business, in a process of its own as its settings are not this one's."""
    for command in ("migrate", "setup"):
        subprocess.run(
            [sys.executable, "-m", "core.cli", command],
            env=environment, check=True, stdout=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip


def _keep(supervisor: Supervisor, stop: threading.Event) -> None:
    while not stop.is_set():
        supervisor.supervise()
        stop.wait(0.1)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
