"""`make bench-console`: the console over a long history, measured against its targets."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import requests
from playwright.sync_api import Error as BrowserError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from benchmarks import clicking, desk_data, reading
from benchmarks.bench import Bench
from benchmarks.clicking import Windows
from benchmarks.reading import BUSINESS, Reader
from benchmarks.report import Figure, as_text, machine, tables
from benchmarks.servers import ROOT
from core.accounts import sessions, users
from core.models import Role
from core.platform.db import enter_business, make_engine
from tests.support.stack import Stack, eventually, running_stack

PAGE = ROOT / "docs" / "benchmarks-console.md"
BROKEN = (AssertionError, RuntimeError, requests.RequestException, psycopg.Error, SQLAlchemyError, BrowserError)
_PATIENCE = 600  # seconds a statement may take: counting a month from the rows is one of the contestants


def main() -> int:
    """A missed target is news, not a failure: only a broken section exits 1."""
    chosen = _arguments()
    found: list[tuple[str, list[Figure], list[str]]] = []
    broken = False
    with tempfile.TemporaryDirectory(prefix="bothub-bench-") as name:
        folder = Path(name)
        described = f"{machine(folder)}; {chosen.conversations:,} conversations"
        print(f"{described}\n", flush=True)
        with running_stack(folder / "data", without=("workers", "scheduler", "sandbox")) as stack:
            bench = Bench(stack, folder, chosen.quick)
            url = f"http://127.0.0.1:{stack.environment['CONSOLE_PORT']}"
            eventually(lambda: _open(url), seconds=60)
            reader, token = _prepare(stack, chosen)
            talks = clicking.prepared(bench)

            def browsing(act: Callable[[Windows], None]) -> Callable[[], None]:
                def section() -> None:
                    with clicking.windows(url, token) as chromium:
                        act(chromium)

                return section

            sections: dict[str, Callable[[], None]] = {
                "Reading at size": lambda: reading.run(bench, reader),
                "A click": browsing(lambda chromium: clicking.click(bench, chromium, talks)),
                "Stored to visible": browsing(lambda chromium: clicking.visible(bench, chromium, talks)),
                "Many agents": browsing(lambda chromium: clicking.agents(bench, chromium)),
                "Memory": browsing(lambda chromium: clicking.memory(bench, chromium, talks, chosen.reruns)),
            }
            for title, section in sections.items():
                bench.figures, bench.notes = [], []
                try:
                    section()
                except BROKEN as error:
                    bench.notes.append(f"BROKEN OFF: {type(error).__name__}: {error}")
                    broken = True
                print(f"{title}\n{as_text(bench.figures)}")
                print("".join(f"    {note}\n" for note in bench.notes), flush=True)
                found.append((title, bench.figures, bench.notes))
            reader.engine.dispose()
    if chosen.write:
        head = f"# Benchmarks of the console\n\nTaken with `make bench-console` on {datetime.now(UTC):%Y-%m-%d}: "
        PAGE.write_text(f"{head}{described}.\n{tables(found)}")
        print(f"Written to {PAGE.relative_to(ROOT)}.")
    return 1 if broken else 0


def _prepare(stack: Stack, chosen: argparse.Namespace) -> tuple[Reader, str]:
    """The history, an agent who is signed in, and connections of our own. Gives the agent's cookie, too."""
    database = stack.environment["DATABASE_URL"]
    engine = make_engine(
        database.replace("postgresql://", "postgresql+psycopg://", 1), pool_size=2, statement_timeout=_PATIENCE
    )
    with Session(engine) as session, session.begin():
        enter_business(session, BUSINESS)
        agent_id = users.create_agent(
            session, name="Ana Torres", email="ana@bench.example", role=Role.MANAGER, language="es"
        )
        token = sessions.open_session(session, agent_id)
    started = time.monotonic()
    desk_data.fill(database, chosen.conversations, BUSINESS)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    print(f"Filled in {time.monotonic() - started:.0f} s.\n", flush=True)
    return Reader(engine, agent_id, 20 if chosen.quick else 100), token


def _open(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.console", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds over a small history")
    parser.add_argument("--conversations", type=int, help="of ten messages each (200,000; with --quick 5,000)")
    parser.add_argument("--reruns", type=int, help="clicks over which memory is watched (6,000; with --quick 60)")
    parser.add_argument("--write", action="store_true", help=f"also write the tables to {PAGE.relative_to(ROOT)}")
    chosen = parser.parse_args()
    chosen.reruns = chosen.reruns or (60 if chosen.quick else 6_000)
    chosen.conversations = chosen.conversations or (5_000 if chosen.quick else 200_000)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
