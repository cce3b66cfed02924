"""CPU time and memory of whole process trees."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import psutil


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process, its children, and those of its children that have ended."""
    return sum(sum(one.cpu_times()[:4]) for one in _tree(process))


def resident_mb(process: psutil.Process) -> list[float]:
    """Resident memory of a process and each of its children, in MB."""
    return [one.memory_info().rss / 1e6 for one in _tree(process)]


class Meter:
    """CPU seconds by name since it was made."""

    def __init__(self, processes: Mapping[str, psutil.Process]) -> None:
        self._processes = processes
        self._before = {name: cpu_seconds(process) for name, process in processes.items()}

    def read(self) -> dict[str, float]:
        return {name: cpu_seconds(process) - self._before[name] for name, process in self._processes.items()}


def _tree(process: psutil.Process) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.cpu_times()
                yield one
