"""The process pool: killed children are replaced, and no child outlives its parent."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.support.stack import eventually

_PARENT = """
import signal, time
from workers.process_pool import ProcessPool

def work():
    signal.signal(signal.SIGTERM, lambda *_: exit(0))
    while True:
        time.sleep(1)

raise SystemExit(ProcessPool(3, work).watch())
"""


@pytest.fixture
def parent() -> Iterator[psutil.Popen]:
    process = psutil.Popen([sys.executable, "-c", _PARENT], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for one in [*process.children(), process]:
                one.kill()
        process.wait()


def children(parent: psutil.Popen) -> list[psutil.Process]:
    return eventually(lambda: found if len(found := parent.children()) == 3 else [])


def test_a_killed_child_is_replaced(parent: psutil.Popen) -> None:
    first = children(parent)
    first[0].kill()
    eventually(lambda: not first[0].is_running() and len(parent.children()) == 3)
    assert {one.pid for one in first[1:]} <= {one.pid for one in parent.children()}


def test_sigterm_ends_all_in_order(parent: psutil.Popen) -> None:
    started = children(parent)
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(10) == 0
    assert not any(one.is_running() for one in started)


def test_children_do_not_outlive_a_killed_parent(parent: psutil.Popen) -> None:
    started = children(parent)
    parent.kill()
    parent.wait(10)
    assert psutil.wait_procs(started, timeout=10)[1] == []
