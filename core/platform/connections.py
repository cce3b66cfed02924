"""Number of Postgres connections each process may open: its share of DATABASE_CONNECTIONS.

The setting bounds what one machine opens: the web app, the worker processes of one `workers.run`, one scheduler, one
console and one command of an administrator. A process that has used its share waits; it never exceeds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.platform.config import Settings


class Process(StrEnum):
    """A process that opens connections."""

    WEB = "web"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    CONSOLE = "console"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Share:
    """Connections that one process may have open at the same time.

    `nested` is reserved for transactions begun while their thread is in another one. `unpooled` connections are opened
    outside the pool.
    """

    transactions: int
    nested: int
    unpooled: int

    @property
    def total(self) -> int:
        return self.transactions + self.nested + self.unpooled


# NOTIFY, and: the writer of webhooks (web), the check for work (worker, scheduler), LISTEN (console). A command:
# migrations, or reading a backup.
_UNPOOLED = 2
# Transactions. Each periodic thread of a scheduler has at most one; polls of several channels wait for theirs.
_FIXED = {Process.SCHEDULER: 7, Process.COMMAND: 2}
_PARTS = {Process.WEB: 1, Process.WORKER: 2, Process.CONSOLE: 2}  # weight in the remainder, per process
_NESTED = 1
_LEAST_PART = 2


def share(settings: Settings, process: Process) -> Share:
    """Return the share of a process of this kind."""
    transactions = _FIXED.get(process) or _PARTS[process] * _remainder(settings) // _parts(settings)
    return Share(transactions, _NESTED, _UNPOOLED)


def most(settings: Settings) -> int:
    """Return how many connections the processes of a machine may open together."""
    return sum(share(settings, process).total for process in _machine(settings))


def least(settings: Settings) -> int:
    """Return the smallest DATABASE_CONNECTIONS with which these processes can work."""
    return settings.database_connections - _remainder(settings) + _LEAST_PART * _parts(settings)


def _machine(settings: Settings) -> Iterator[Process]:
    """Yield the processes of one machine."""
    yield from [Process.WEB] * settings.web_processes
    yield from [Process.WORKER] * settings.worker_processes
    yield from (Process.SCHEDULER, Process.CONSOLE, Process.COMMAND)


def _remainder(settings: Settings) -> int:
    """Return the connections left after the fixed shares."""
    fixed = sum(_UNPOOLED + _NESTED + _FIXED.get(process, 0) for process in _machine(settings))
    return settings.database_connections - fixed


def _parts(settings: Settings) -> int:
    return sum(_PARTS.get(process, 0) for process in _machine(settings))


_this: Process | None = None


def set_process(process: Process) -> None:
    """Set the kind of this process. Call it before the first connection."""
    global _this
    _this = process


def this_process() -> Process:
    """Return the kind of this process, a worker by default."""
    return _this or Process.WORKER


def retries_on_disconnect() -> bool:
    """Whether this process repeats what fails with its connection, as workers do."""
    return _this is Process.WORKER
