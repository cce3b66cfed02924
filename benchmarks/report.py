"""What was measured, against its target, as a table for the screen and for the documentation."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

HEADINGS = ("figure", "measured", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `met` is None where there is no target."""

    name: str
    measured: str
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        return (self.name, self.measured, self.ratio, self.target, {None: "", True: "yes", False: "MISSED"}[self.met])


def plain(name: str, value: float, unit: str) -> Figure:
    """A figure without a target."""
    return Figure(name, _amount(value, unit))


def at_least(name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that meets its target from `target` up."""
    return Figure(name, _amount(value, unit), "", f"≥ {_amount(target, unit)}", value >= target)


def at_most(name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that meets its target up to `target`."""
    return Figure(name, _amount(value, unit), "", f"≤ {_amount(target, unit)}", value <= target)


def contest(name: str, ours: Sequence[float], theirs: Sequence[float], unit: str, target: float | None) -> Figure:
    """Our figure over theirs: the median of the rounds' ratios, as each round saw the same machine."""
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    return Figure(
        f"  ÷ {name}",
        _amount(statistics.median(theirs), unit),
        f"{ratio:.2f}",
        "" if target is None else f"≥ {target:g}",
        None if target is None else ratio >= target,
    )


def _amount(value: float, unit: str) -> str:
    if value >= 100:
        number = f"{value:,.0f}"
    else:
        number = f"{value:.2f}".rstrip("0").rstrip(".") if value < 10 else f"{value:.1f}"
    return f"{number}{'' if unit.startswith('/') else ' '}{unit}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed. Raises ValueError without values."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine(folder: Path) -> str:
    """What these figures were taken on. `folder` is on the disk that Postgres writes to."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    sync = _sync_seconds(folder) * 1000
    return (
        f"{cores} cores ({_processor()}), {memory:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; Postgres with fsync on, one fdatasync {sync:.2f} ms; "
        f"load average at the start {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _sync_seconds(folder: Path, times: int = 50) -> float:
    sync = getattr(os, "fdatasync", os.fsync)
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            file.write(b"\0" * 8192)
            file.flush()
            start = time.perf_counter()
            sync(file.fileno())
            taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def as_text(figures: Iterable[Figure]) -> str:
    """Return aligned columns for a terminal."""
    rows = [HEADINGS, *(figure.cells for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = []
    for row in rows:
        numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join([row[0].ljust(widths[0]), *numbers]).rstrip())
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def as_markdown(sections: Sequence[tuple[str, Sequence[Figure], Sequence[str]]], described: str) -> str:
    """The page for docs/: how it was taken, then a table and notes for each section."""
    command = "make bench" + (f' ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else "")
    parts = [
        "# Benchmarks",
        "",
        f"Taken with `{command}` on {datetime.now(UTC):%Y-%m-%d}: {described}.",
        "",
        "Everything is real (gunicorn, workers, Postgres with fsync, Redis, and the sandbox for the providers) and "
        "shares these cores with the load client. Contestants run in turns within one run; a figure is the median of "
        "its rounds, a ratio the median of the rounds' ratios. Read the ratios: rates belong to the machine.",
    ]
    return "\n".join(parts) + "\n" + tables(sections)


def tables(sections: Sequence[tuple[str, Sequence[Figure], Sequence[str]]]) -> str:
    """A heading, a table and the notes of each section."""
    parts: list[str] = []
    for title, figures, notes in sections:
        parts += ["", f"## {title}", "", f"| {' | '.join(HEADINGS)} |", "|---|--:|--:|--:|---|"]
        parts += [f"| {' | '.join(cell.strip() for cell in figure.cells)} |" for figure in figures]
        parts += ["", *(f"- {note.strip()}" for note in notes)] if notes else []
    return "\n".join(parts) + "\n"
