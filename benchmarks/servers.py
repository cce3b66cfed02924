"""Starting the contestants' processes, each with its log, and ending them whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 30.0
_GRACE_SECONDS = 5.0


class Servers:
    """Processes by name. Leaving the context ends them all."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _signal(process, signal.SIGKILL)
            process.wait()
        self._running.clear()

    def start(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], *, port: int | None = None
    ) -> psutil.Process:
        """Run `python -m …` from the checkout; with a port, return once it takes connections.

        Raises:
            RuntimeError: it ended or did not listen; the text holds the end of its log.
        """
        log = self._logs / f"{name}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL,
                stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip
        self._running[name] = process
        deadline = time.monotonic() + _START_SECONDS
        while port is not None and not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        return psutil.Process(process.pid)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a process and everything it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
