"""`make bench`: measure the real system beside other ways to do the same, and print it against the targets."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import requests

from benchmarks import ack, knowledge, outbox, pipeline, receipts, recovery
from benchmarks.bench import Bench, Section
from benchmarks.client import NotAnswered
from benchmarks.report import Figure, as_markdown, as_text, machine
from benchmarks.servers import ROOT
from tests.support.stack import running_stack

SECTIONS: dict[str, tuple[str, Section]] = {
    "ack": ("Acknowledging a webhook", ack.run),
    "pipeline": ("Answering", pipeline.run),
    "latency": ("Latency without model and quiet window", pipeline.latency),
    "receipts": ("Receipts", receipts.run),
    "recovery": ("Recovery", recovery.run),
    "outbox": ("The outbox", outbox.run),
    "knowledge": ("Hybrid search", knowledge.run),
}
SETTINGS = {"REPLY_QUIET_SECONDS": "0", "LOG_LEVEL": "INFO"}
ALONE = ("ack", "outbox", "knowledge")  # measured while no worker runs
REST = ("workers", "scheduler", "sandbox")
BROKEN = (AssertionError, RuntimeError, NotAnswered, requests.RequestException, psycopg.Error)
PAGE = ROOT / "docs" / "benchmarks.md"
BY_HAND = "## What the misses mean"  # what follows it on the page is kept


def main() -> int:
    """Run the chosen sections in their order. A missed target is news, not a failure: only a broken section exits 1."""
    chosen = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    found: list[tuple[str, list[Figure], list[str]]] = []
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bothub-bench-") as name:
        folder = Path(name)
        described = machine(folder)
        print(f"{described}\n", flush=True)
        try:
            with running_stack(folder / "data", without=(*REST, "console"), **SETTINGS) as stack:
                bench = Bench(stack, folder, chosen.quick)
                for key in chosen.only:
                    title, section = SECTIONS[key]
                    if key not in ALONE and "sandbox" not in stack.processes():
                        stack.start(*REST)
                    bench.figures, bench.notes = [], []
                    try:
                        section(bench)
                    except BROKEN as error:
                        bench.notes.append(f"BROKEN OFF: {type(error).__name__}: {error}")
                        broken.append(key)
                    print(f"{title}\n{as_text(bench.figures)}")
                    print("".join(f"    {note}\n" for note in bench.notes), flush=True)
                    found.append((title, bench.figures, bench.notes))
        except KeyboardInterrupt:
            print("Interrupted: everything that was started is stopped.", file=sys.stderr)
            return 130
    missed = [figure.name.strip() for _, figures, _ in found for figure in figures if figure.met is False]
    print(f"{time.monotonic() - started:.0f} s. Missed: {'; '.join(missed) or 'nothing'}.")
    if chosen.write:
        _, mark, written_by_hand = PAGE.read_text().partition(BY_HAND) if PAGE.exists() else ("", "", "")
        PAGE.write_text(as_markdown(found, described) + (f"\n{mark}{written_by_hand}" if mark else ""))
        print(f"Written to {PAGE.relative_to(ROOT)}.")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute instead of four")
    parser.add_argument("--only", type=_sections, default=list(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--write", action="store_true", help=f"also write the tables to {PAGE.relative_to(ROOT)}")
    return parser.parse_args()


def _sections(value: str) -> list[str]:
    names = value.split(",")
    if unknown := set(names) - set(SECTIONS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
    return [name for name in SECTIONS if name in names]


if __name__ == "__main__":
    sys.exit(main())
