"""How many connections to Postgres each process may open: its share of DATABASE_CONNECTIONS.

The setting bounds what one machine opens: the web app, the worker processes of one `workers.run`, one scheduler, one
console and one command of an administrator. A process that has used up its share waits; it never opens one more.
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
    """What one process may have open at the same time.

    `nested` is kept for transactions that begin while their thread is in another one. `statements` serves single
    statements; 0: they take turns with transactions. `besides` is what is opened outside of the pools.
    """

    transactions: int
    nested: int
    statements: int
    besides: int

    @property
    def total(self) -> int:
        return self.transactions + self.nested + self.statements + self.besides


# The web app: the writer of webhooks, NOTIFY. The console: LISTEN, NOTIFY. A command: migrations, or reading a backup.
_BESIDES = {Process.WEB: 2, Process.WORKER: 1, Process.SCHEDULER: 1, Process.CONSOLE: 2, Process.COMMAND: 2}
_FIXED = {Process.SCHEDULER: 5, Process.COMMAND: 2}  # transactions: a thread of the scheduler has one at most
_PARTS = {Process.WEB: 1, Process.WORKER: 2, Process.CONSOLE: 2}  # of what is left, for each process
_NESTED = 1
_LEAST_PART = 2  # a worker's look for work keeps one of its statements' connections


def share(settings: Settings, process: Process) -> Share:
    """What a process of this kind may open."""
    besides = _BESIDES[process]
    if process in _FIXED:
        return Share(_FIXED[process], _NESTED, 0, besides)
    part = _PARTS[process] * _left(settings) // _parts(settings)
    statements = max(2, part // 4) if process is Process.WORKER else 0
    return Share(part - statements, _NESTED, statements, besides)


def most(settings: Settings) -> int:
    """What a machine's processes may open together."""
    return sum(share(settings, process).total for process in _machine(settings))


def least(settings: Settings) -> int:
    """The smallest DATABASE_CONNECTIONS with which these processes can work."""
    return settings.database_connections - _left(settings) + _LEAST_PART * _parts(settings)


def _machine(settings: Settings) -> Iterator[Process]:
    """The processes of one machine."""
    yield from [Process.WEB] * settings.web_processes
    yield from [Process.WORKER] * settings.worker_processes
    yield from (Process.SCHEDULER, Process.CONSOLE, Process.COMMAND)


def _left(settings: Settings) -> int:
    """What is there to be divided."""
    taken = sum(_BESIDES[process] + _NESTED + _FIXED.get(process, 0) for process in _machine(settings))
    return settings.database_connections - taken


def _parts(settings: Settings) -> int:
    return sum(_PARTS.get(process, 0) for process in _machine(settings))


_this: Process | None = None


def serve_as(process: Process) -> None:
    """Say what this process is. Call it before the first connection."""
    global _this
    _this = process


def this_process() -> Process:
    """What this process is; one that did not say has a worker's share."""
    return _this or Process.WORKER


def repeats_what_fails() -> bool:
    """Whether this process does again what fails with its connection, as workers do."""
    return _this is Process.WORKER
