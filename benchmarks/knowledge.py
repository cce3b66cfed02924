"""Hybrid search over many passages.

How long it takes, for their owner and for a small business beside it, and how much of what is there the vector index
finds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from benchmarks.bench import Bench
from benchmarks.report import Figure, at_most, percentile, plain
from core import migrations
from core.knowledge import hybrid_search
from core.knowledge.embedders import OFFLINE, OFFLINE_DIMENSIONS
from core.knowledge.hybrid_search import Asked, Library
from core.platform.db import enter_business, make_engine

SEED = 42
_WORDS = 30_000
_LENGTH = 80  # words of a passage: some 150 tokens
_SMALL = 400  # passages of the small business
_INDEX = f"ix_knowledge_vectors_{OFFLINE_DIMENSIONS}"
_COLUMNS = {
    "knowledge_chunks": "id, business_id, source_id, revision, position, text, tokens, content_hash",
    "knowledge_vectors": "chunk_id, business_id, revision, model, dimensions, embedding",
}
_OWNER = (
    "INSERT INTO businesses (id, name, profile) OVERRIDING SYSTEM VALUE VALUES (%(n)s, 'Shelf', '{}')",
    "INSERT INTO bots (id, business_id, name) OVERRIDING SYSTEM VALUE VALUES (%(n)s, %(n)s, 'Bot')",
    """
    INSERT INTO knowledge_sources (id, business_id, bot_id, kind, title, state, chunks, revision, model, created_by)
    OVERRIDING SYSTEM VALUE
    VALUES (%(n)s, %(n)s, %(n)s, 'text', 'Shelf', 'ready', %(chunks)s, %(n)s, %(model)s, '')
    """,
    """
    INSERT INTO knowledge_revisions (id, business_id, source_id) OVERRIDING SYSTEM VALUE VALUES (%(n)s, %(n)s, %(n)s)
    """,
)


@dataclass(frozen=True, slots=True)
class Owner:
    """A business with one bot, one source and one revision, which all have its number."""

    number: int
    passages: int


class Language:
    """Words as frequent as in a natural language: few are everywhere, most are rare."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        syllables = [first + last for first in "bcdfglmnprstv" for last in "aeiou"]
        self._words = ["".join(self._random.choices(syllables, k=self._random.randint(2, 4))) for _ in range(_WORDS)]
        self._frequencies = list(accumulate(1 / rank for rank in range(1, _WORDS + 1)))

    def passage(self) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._frequencies, k=_LENGTH))

    def question(self, passage: str) -> str:
        """Some of a passage's words, and one that it may lack: common and rare ones, as they come."""
        said = passage.split()
        own = self._random.sample(said, min(self._random.randint(2, 5), len(said)))
        return " ".join([*own, *self._random.choices(self._words, cum_weights=self._frequencies)])


def run(bench: Bench) -> None:
    """Measure in a database of its own."""
    passages, rounds = (10_000, 50) if bench.quick else (100_000, 200)
    url = bench.stack.environment["DATABASE_URL"].replace("/bothub?", "/knowledge?")
    with psycopg.connect(bench.stack.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE knowledge")
    figures, note = measure(url, passages, rounds)
    bench.figures += figures
    bench.notes.append(note)


def measure(url: str, passages: int, rounds: int) -> tuple[list[Figure], str]:
    """The figures of an empty database at `url` that is filled with this many passages, and what filling it took."""
    sqlalchemy_url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    migrations.upgrade(sqlalchemy_url)
    language = Language(SEED)
    large, small = Owner(1, passages), Owner(2, _SMALL)
    started = time.perf_counter()
    asked = {owner: fill(url, owner, language, rounds) for owner in (large, small)}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    note = f"{passages:,} passages stored, embedded offline and indexed in {time.perf_counter() - started:.0f} s."
    engine = make_engine(sqlalchemy_url, pool_size=1)
    try:
        ours, theirs = (timed(engine, owner, asked[owner]) for owner in (large, small))
        share = recall(engine, large, asked[large][: rounds // 4])
    finally:
        engine.dispose()
    what = f"hybrid search, {passages:,} passages"
    return [
        at_most(f"{what}, p95", percentile(ours, 0.95) * 1000, "ms", 60),
        plain(f"{what}, p50", percentile(ours, 0.5) * 1000, "ms"),
        plain(f"the same for a business of {_SMALL} beside it, p95", percentile(theirs, 0.95) * 1000, "ms"),
        plain("nearest ten by the index, of the true nearest ten", share * 100, "%"),
    ], note


def fill(url: str, owner: Owner, language: Language, rounds: int) -> list[Asked]:
    """Store the passages of one business. Returns questions about some of them."""
    number = owner.number
    every = max(owner.passages // rounds, 1)
    questions: list[str] = []
    with psycopg.connect(url) as connection:
        for statement in _OWNER:
            connection.execute(statement, {"n": number, "chunks": owner.passages, "model": OFFLINE.name})
        made = connection.execute(f"SELECT indexdef FROM pg_indexes WHERE indexname = '{_INDEX}'").fetchone()
        assert made is not None
        connection.execute(f"DROP INDEX {_INDEX}")  # made afresh, it is made ten times as fast
        first = 1 + sum(row[0] for row in connection.execute("SELECT count(*) FROM knowledge_chunks"))
        for start in range(0, owner.passages, 5_000):
            count = min(5_000, owner.passages - start)
            batch = [language.passage() for _ in range(count)]
            questions += [language.question(said) for said in batch[::every]]
            _copy(connection, owner, first + start, start, batch)
        connection.execute(made[0])
    vectors = OFFLINE.embed(questions[:rounds])
    return [Asked(said, {OFFLINE.name: (OFFLINE, one)}) for said, one in zip(questions, vectors, strict=False)]


def _copy(connection: psycopg.Connection, owner: Owner, first: int, position: int, batch: Sequence[str]) -> None:
    n = owner.number
    numbered = list(enumerate(batch))
    chunks = (f"{first + i}\t{n}\t{n}\t{n}\t{position + i}\t{said}\t150\t{first + i}\n" for i, said in numbered)
    head = f"{n}\t{n}\t{OFFLINE.name}\t{OFFLINE_DIMENSIONS}"
    vectors = (
        f"{first + i}\t{head}\t[{','.join(f'{value:.5g}' for value in vector)}]\n"
        for i, vector in enumerate(OFFLINE.embed(batch))
    )
    for table, lines in (("knowledge_chunks", chunks), ("knowledge_vectors", vectors)):
        with connection.cursor().copy(f"COPY {table} ({_COLUMNS[table]}) FROM STDIN") as copy:
            copy.write("".join(lines))


def timed(engine: Engine, owner: Owner, questions: Sequence[Asked]) -> list[float]:
    """Seconds of each search, its transaction and the look at what the bot knows included, its embedding not."""
    taken = []
    for asked in [*questions[:3], *questions]:
        start = time.perf_counter()
        with Session(engine) as session, session.begin():
            enter_business(session, owner.number)
            shelf = hybrid_search.library(session, owner.number)
            hybrid_search.find(session, shelf, asked, 6)
        taken.append(time.perf_counter() - start)
    return taken[3:]


def recall(engine: Engine, owner: Owner, questions: Sequence[Asked]) -> float:
    """The share of the ten truly nearest passages that the vector index brings."""
    shelf = Library({OFFLINE.name: (owner.number,)}, {OFFLINE.name: owner.passages})
    few = Library(shelf.revisions, {OFFLINE.name: 0})  # few enough to be compared one by one

    def nearest(session: Session, library: Library) -> Iterator[set[int]]:
        session.execute(text("SET LOCAL hnsw.iterative_scan = relaxed_order"))
        for asked in questions:
            _, vector = asked.vectors[OFFLINE.name]
            yield set(hybrid_search._by_meaning(session, OFFLINE.name, library, vector)[:10])

    with Session(engine) as session, session.begin():
        found, true = list(nearest(session, shelf)), list(nearest(session, few))
    return sum(len(one & other) for one, other in zip(found, true, strict=True)) / sum(map(len, true))
