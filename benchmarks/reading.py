"""What the console reads, timed at size: the list, search, threads, and analytics from rows and from kept days."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from benchmarks.bench import Bench
from benchmarks.report import Figure, percentile
from core.conversations import inbox_list, thread
from core.conversations.inbox_list import Cursor, InboxFilter, View
from core.models import Conversation
from core.platform.db import enter_business
from core.reporting import daily_rollups, metrics

BUSINESS = 1
_WORDS = {"rare": "A1050", "three terms": "hacen envios cordoba", "common": "gracias"}
_PAGE_101 = 100
_EXPLAIN = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "


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

    def in_database(self, read: Callable[[Session], Any]) -> list[float]:
        """Milliseconds that Postgres by itself takes for what `read` asks of it."""
        asked: list[tuple[str, Any]] = []

        def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
            asked.append((statement, parameters))

        with self.transaction() as session:
            event.listen(self.engine, "before_cursor_execute", note)
            try:
                read(session)
            finally:
                event.remove(self.engine, "before_cursor_execute", note)
            connection = session.connection()
            return [
                sum(connection.exec_driver_sql(_EXPLAIN + one, values).scalar_one()[0]["Execution Time"]
                    for one, values in asked)
                for _ in range(self.rounds // 5 + 1)
            ][1:]  # fmt: skip


def run(bench: Bench, reader: Reader) -> None:
    """Measure lists, searches, threads and analytics."""
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


def _read(reader: Reader, name: str, read: Callable[[Session], Any], most: float) -> Iterator[Figure]:
    """How long a page waits, and how long of that Postgres works, which has the target."""
    yield timed(name, reader.time(read))
    yield timed("  in the database", reader.in_database(read), most)


def _lists(reader: Reader) -> Iterator[Figure]:
    for view in View:
        wanted = InboxFilter(view)
        yield from _read(reader, f"list {view}, first page", partial(_page, reader, wanted), 2)
    if deep := _place_of_page_101(reader):
        yield from _read(reader, "list all, page 101", partial(_page, reader, InboxFilter(), after=deep), 2)
    yield from _read(reader, "numbers of the views", inbox_list.counts, 2)


def _page(reader: Reader, wanted: InboxFilter, session: Session, after: Cursor | None = None) -> inbox_list.Page:
    return inbox_list.page(session, wanted, reader.agent_id, after)


def _place_of_page_101(reader: Reader) -> Cursor | None:
    """None in a history that is not that long."""
    with reader.transaction() as session:
        after: Cursor | None = None
        for _ in range(_PAGE_101):
            after = _page(reader, InboxFilter(), session, after).next
            if after is None:
                return None
        return after


def _searches(reader: Reader) -> Iterator[Figure]:
    for name, words in _WORDS.items():
        wanted = InboxFilter(words=words)
        yield from _read(reader, f"search, {name}", partial(_page, reader, wanted), 30)


def _threads(reader: Reader) -> Iterator[Figure]:
    with reader.transaction() as session:
        conversation_id = session.scalars(select(Conversation.id).order_by(Conversation.id.desc()).limit(1)).one()
    for name, limit in (("newest", 50), ("with older ones", 150)):
        opened = partial(thread.read, conversation_id=conversation_id, limit=limit)
        yield from _read(reader, f"thread, {name}", opened, 2)


def _analytics(reader: Reader) -> Iterator[Figure]:
    """The same 30 closed days, counted from the rows and read from the kept days; their ratio is the point."""
    with reader.transaction() as session:
        zone = metrics.zone_of(session)
    yesterday = datetime.now(zone).date() - timedelta(days=1)
    first = yesterday - timedelta(days=29)

    def read(session: Session) -> metrics.Figures:
        return metrics.figures(session, first, yesterday)

    def from_rows(session: Session) -> None:
        session.execute(text("DELETE FROM counted_days"))
        session.execute(text("DELETE FROM daily_metrics"))
        read(session)
        session.rollback()

    rounds, reader.rounds = reader.rounds, 2
    raw = reader.time(from_rows)
    day = reader.time(lambda session: daily_rollups.count_day(session, zone, yesterday, datetime.now(zone)))
    reader.rounds = rounds
    today = yesterday + timedelta(days=1)
    for back in range(31):
        with reader.transaction() as session:
            daily_rollups.count_day(session, zone, today - timedelta(days=back), datetime.now(zone))
    kept = reader.time(read)
    ratio = statistics.median(raw) / statistics.median(kept)
    yield timed("one day counted and kept", day)
    yield timed("30 days of figures, from the rows", raw)
    yield Figure(
        "30 days of figures, from kept days", timed("", kept).measured, f"1 : {ratio:,.0f}", "≥ 20", ratio >= 20
    )
    to_today = reader.time(lambda session: metrics.figures(session, first, today))
    yield timed("30 days to today", to_today, 50)
    wrote = reader.time(metrics.contacts)
    yield timed("customers of a day and a week", wrote, 50)
