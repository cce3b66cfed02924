"""Keeps a number of forked worker processes alive.

Importing a worker takes seconds, forking one a few milliseconds: even a kill -9 of every worker goes unnoticed by
customers. The parent holds no connection and does no work, so children inherit nothing that could break.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import structlog

log = structlog.get_logger(__name__)

_SHORT_LIFE_SECONDS = 2.0  # a child that ran shorter is restarted with exponential back-off
_MAX_PAUSE = 5.0
_TICK_SECONDS = 0.1


class ProcessPool:
    """Runs `work` in `count` forked processes and replaces those that exit, until it is asked to stop."""

    def __init__(self, count: int, work: Callable[[], int]) -> None:
        self._count = count
        self._work = work
        self._children: dict[int, float] = {}
        self._stopping = threading.Event()
        self._pause = 0.0
        self._parent_death, self._held_open = os.pipe()  # readable (end of file) once the parent is gone

    def watch(self) -> int:
        """Run until SIGTERM or SIGINT, which is passed on to the children. Returns 0 when all have exited."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopping.is_set():
            self._reap()
            while len(self._children) < self._count and not self._stopping.is_set():
                self._spawn()
            self._stopping.wait(_TICK_SECONDS)
        self._signal_all(signal.SIGTERM)
        while self._children:
            self._reap()
            time.sleep(_TICK_SECONDS)
        return 0

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._stopping.set()

    def _spawn(self) -> None:
        self._stopping.wait(self._pause)
        pid = os.fork()
        if pid == 0:
            self._run_child()
        self._children[pid] = time.monotonic()

    def _run_child(self) -> NoReturn:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._held_open)
        threading.Thread(target=self._exit_with_parent, name="parent-death", daemon=True).start()
        code = 1
        try:
            code = self._work()
        except BaseException:  # noqa: BLE001 - os._exit would hide it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _exit_with_parent(self) -> None:
        """Exit when the parent is killed: an orphan would run unsupervised."""
        os.read(self._parent_death, 1)
        os._exit(1)

    def _reap(self) -> None:
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            lifetime = time.monotonic() - self._children.pop(pid)
            self._pause = 0.0 if lifetime > _SHORT_LIFE_SECONDS else min(_MAX_PAUSE, self._pause * 2 + _TICK_SECONDS)
            if not self._stopping.is_set():
                log.warning("worker_ended", pid=pid, status=os.waitstatus_to_exitcode(status))

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self._children:
            os.kill(pid, number)
