"""What the console reads, timed at size: the list, search, threads, and analytics from rows and from kept days."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from benchmarks.bench import Bench
from benchmarks.report import Figure, percentile
from core.analytics import figures, rollups
from core.conversations import listing, thread
from core.conversations.listing import Place, View, Wanted
from core.db import enter_business
from core.models import Conversation

BUSINESS = 1
_WORDS = {"rare": "A1050", "three terms": "hacen envios cordoba", "common": "gracias"}
_PAGE_101 = 100


class Reader:
    """Business transactions on an engine of the benchmark's own, as the console opens them."""

    def __init__(self, engine: Engine, agent_id: int, rounds: int) -> None:
        self.engine = engine
        self.agent_id = agent_id
        self.rounds = rounds

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            enter_business(session, BUSINESS)
            yield session

    def time(self, read: Callable[[Session], Any]) -> list[float]:
        """Milliseconds of each round, the first one left out: it warms the connection and the cache."""
        taken = []
        for _ in range(self.rounds + 1):
            with self.transaction() as session:
                start = time.perf_counter()
                read(session)
                taken.append((time.perf_counter() - start) * 1000)
        return taken[1:]


def run(bench: Bench, reader: Reader) -> None:
    bench.figures += [*_lists(reader), *_searches(reader), *_threads(reader), *_analytics(reader)]


def timed(name: str, taken: list[float], most: float | None = None) -> Figure:
    """A row with median and 95th percentile, in milliseconds."""
    middle = statistics.median(taken)
    return Figure(
        name,
        f"{middle:.2f} ms (p95 {percentile(taken, 0.95):.2f})",
        target="" if most is None else f"≤ {most:g} ms",
        met=None if most is None else middle <= most,
    )


def _lists(reader: Reader) -> Iterator[Figure]:
    for view in View:
        wanted = Wanted(view)
        yield timed(f"list {view}, first page", reader.time(lambda session, w=wanted: _page(reader, session, w)), 20)
    if deep := _place_of_page_101(reader):
        taken = reader.time(lambda session: _page(reader, session, Wanted(), deep))
        yield timed("list all, page 101", taken, 20)
    yield timed("numbers of the views", reader.time(listing.counts), 20)


def _page(reader: Reader, session: Session, wanted: Wanted, after: Place | None = None) -> listing.Page:
    return listing.page(session, BUSINESS, wanted, reader.agent_id, after)


def _place_of_page_101(reader: Reader) -> Place | None:
    """None in a history that is not that long."""
    with reader.transaction() as session:
        after: Place | None = None
        for _ in range(_PAGE_101):
            after = _page(reader, session, Wanted(), after).next
            if after is None:
                return None
        return after


def _searches(reader: Reader) -> Iterator[Figure]:
    for name, words in _WORDS.items():
        wanted = Wanted(words=words)
        taken = reader.time(lambda session, w=wanted: _page(reader, session, w))
        yield timed(f"search, {name}", taken, 50)


def _threads(reader: Reader) -> Iterator[Figure]:
    with reader.transaction() as session:
        conversation_id = session.scalars(select(Conversation.id).order_by(Conversation.id.desc()).limit(1)).one()
    for name, limit in (("newest", 50), ("with older ones", 150)):
        taken = reader.time(lambda session, n=limit: thread.read(session, conversation_id, n))
        yield timed(f"thread, {name}", taken, 20)


def _analytics(reader: Reader) -> Iterator[Figure]:
    """The same 30 closed days, counted from the rows and read from the kept days; their ratio is the point."""
    with reader.transaction() as session:
        zone = figures.zone_of(session, BUSINESS)
    yesterday = datetime.now(zone).date() - timedelta(days=1)
    first = yesterday - timedelta(days=29)

    def read(session: Session) -> figures.Figures:
        return figures.figures(session, BUSINESS, first, yesterday)

    def from_rows(session: Session) -> None:
        session.execute(text("DELETE FROM days_counted"))
        session.execute(text("DELETE FROM daily_figures"))
        read(session)
        session.rollback()

    rounds, reader.rounds = reader.rounds, 2
    raw = reader.time(from_rows)
    day = reader.time(lambda session: rollups.count_day(session, BUSINESS, zone, yesterday))
    reader.rounds = rounds
    for back in range(30):
        with reader.transaction() as session:
            rollups.count_day(session, BUSINESS, zone, yesterday - timedelta(days=back))
    kept = reader.time(read)
    ratio = statistics.median(raw) / statistics.median(kept)
    yield timed("one day counted and kept", day)
    yield timed("30 days of figures, from the rows", raw)
    yield Figure(
        "30 days of figures, from kept days", timed("", kept).measured, f"1 : {ratio:,.0f}", "≥ 20", ratio >= 20
    )
    yield timed("today's figures, from the rows", reader.time(
        lambda session: figures.figures(session, BUSINESS, yesterday + timedelta(days=1), yesterday + timedelta(days=1))
    ), 500)  # fmt: skip
