"""Hybrid search: rank passages by vector and by full text, and fuse the ranks.

A passage's score is its evidence by itself; below a floor it is not a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.bots.llm.embeddings import Vector
from core.knowledge.embedders import Embedder
from core.knowledge.tsquery import COMMON, Term, meaningful, terms, within
from core.models import KnowledgeSource
from core.models.knowledge import INDEXED_DIMENSIONS
from core.platform.db import across_businesses, run

FLOOR = 0.25
_CANDIDATES = 30
_MAX_COMMON = 3
_RRF = 60  # Cormack et al., "Reciprocal Rank Fusion outperforms Condorcet", 2009
# Neither kind of evidence alone gives certainty: similar meaning can miss a number, shared words can belong to
# another topic.
_TRUST = 0.75
# Up to this size, comparing every vector of the bot is as fast as the index, and exact; for a small business in a
# large installation also far faster, since the index would have to skip the vectors of other businesses.
_EXACT = 3_000


@dataclass(frozen=True, slots=True)
class Library:
    """What a bot may search: its revisions by embedding model (None: not embedded), and their number of chunks."""

    revisions: Mapping[str | None, tuple[int, ...]]
    chunks: Mapping[str | None, int]

    @property
    def models(self) -> frozenset[str]:
        return frozenset(model for model in self.revisions if model is not None)


class _Probe(NamedTuple):
    """A query, the terms (from 0) that a hit proves, and how many hits are enough."""

    query: str
    proven: Sequence[int]
    most: int


@dataclass(frozen=True, slots=True)
class Found:
    """A passage in the result.

    `words` and `meaning`, 0 to 1, are its evidence by full text and by vector; `meaning` is None if there was no vector
    to compare. `score` joins them.
    """

    chunk_id: int
    source_id: int
    title: str
    heading: str
    text: str
    score: float
    words: float
    meaning: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its vector for each available embedder."""

    question: str
    vectors: Mapping[str, tuple[Embedder, Vector]]


def library(session: Session, bot_id: int) -> Library:
    """Return what this bot may search at this moment."""
    source = KnowledgeSource
    rows = session.execute(
        select(source.model, source.revision, source.chunks).where(
            or_(source.bot_id == bot_id, source.bot_id.is_(None)),
            source.revision.is_not(None),
        )
    )
    revisions: dict[str | None, list[int]] = {}
    chunks: dict[str | None, int] = {}
    for model, revision, count in rows:
        assert revision is not None
        revisions.setdefault(model, []).append(revision)
        chunks[model] = chunks.get(model, 0) + count
    return Library({model: tuple(sorted(found)) for model, found in revisions.items()}, chunks)


def find(session: Session, scope: Library, asked: Asked, limit: int) -> list[Found]:
    """Return the passages that answer best, best first. The session is in the business, and is again afterwards."""
    words = meaningful(asked.question)
    if not scope.revisions or not words:
        return []
    everywhere = [revision for revisions in scope.revisions.values() for revision in revisions]
    chunks = sum(scope.chunks.values())
    with across_businesses(session):
        run(session, _PLANNING)
        query_terms = terms(session, everywhere, chunks, words)
        ids = set(_by_words(session, everywhere, chunks, query_terms))
        for model, (_, vector) in asked.vectors.items():
            ids |= set(_by_meaning(session, model, scope, vector))
    return _fused(_evidence(session, ids, query_terms, asked))[:limit]


# For this transaction: plans made for the actual values; indexes even where a table seems small, because the planner
# does not know what it costs to unpack a chunk's words; and an HNSW scan that goes on until enough of its hits are
# the bot's (pgvector, Iterative Index Scans).
_PLANNING = """
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true),
       set_config('hnsw.iterative_scan', 'relaxed_order', true)
"""


def _by_words(session: Session, revisions: Sequence[int], chunks: int, query_terms: Sequence[Term]) -> list[int]:
    """Return the chunks that match most of the question, by weight, read from the index alone.

    (Checking a chunk's own words means fetching and unpacking them: only the few that remain are checked.)
    """
    chunk_ids: list[int] = []
    for probes in _probes(query_terms):
        chunk_ids = _probed(session, revisions, chunks, query_terms, probes)
        if len(chunk_ids) >= _CANDIDATES:
            break
    return chunk_ids


def _probed(
    session: Session, revisions: Sequence[int], chunks: int, query_terms: Sequence[Term], probes: Sequence[_Probe]
) -> list[int]:
    values: dict[str, Any] = {"revisions": list(revisions)} | {
        f"weight{n}": t.weight for n, t in enumerate(query_terms)
    }
    parts = []
    for n, (query, proven, most) in enumerate(probes):
        values |= {f"probe{n}": query, f"proven{n}": sum(1 << term for term in proven), f"most{n}": most}
        parts.append(
            f"(SELECT id, %(proven{n})s::int AS terms FROM knowledge_chunks"  # noqa: S608
            f" WHERE {within(chunks)} AND search @@ %(probe{n})s::tsquery LIMIT %(most{n})s)"
        )
    weight = " + ".join(f"(terms >> {n} & 1) * %(weight{n})s::float" for n in range(len(query_terms)))
    statement = f"""
        SELECT id FROM (SELECT id, bit_or(terms) AS terms FROM ({" UNION ALL ".join(parts)}) hit GROUP BY id) proof
        ORDER BY {weight} DESC, id LIMIT {_CANDIDATES}
    """  # noqa: S608
    return [row.id for row in run(session, statement, values)]


def _probes(query_terms: Sequence[Term]) -> Iterator[list[_Probe]]:
    """Yield queries that together find every promising chunk; expensive ones run only if the others find too little.

    A rare word is a query by itself. A common one counts with a rare one or, if nothing is rare, with the others: all
    of them together, or two of them. The chunks that have it alone are too many to rank.
    """
    numbered = list(enumerate(query_terms))
    rare = [(n, term.query) for n, term in numbered if 0 < term.found <= COMMON]
    common = [(n, term.query) for n, term in numbered if term.found > COMMON][:_MAX_COMMON]
    if rare:
        any_rare = _any(query for _, query in rare)
        meetings = [_Probe(f"({any_rare}) & ({query})", [n], 2 * COMMON) for n, query in common]
        yield [_Probe(query, [n], COMMON) for n, query in rare] + meetings
        return
    for size in sorted({min(2, len(common)), len(common)} - {0}, reverse=True):
        yield [
            _Probe(" & ".join(f"({query})" for _, query in meeting), [n for n, _ in meeting], COMMON)
            for meeting in combinations(common, size)
        ]


def _any(queries: Iterable[str]) -> str:
    return " | ".join(f"({query})" for query in queries)


def _coverage(query_terms: Sequence[Term]) -> tuple[str, dict[str, Any]]:
    """Return SQL, with its values, for the share of the question, by weight, that matches `search`."""
    total = sum(term.weight for term in query_terms)
    parts = [
        f"CASE WHEN search @@ %(term{n})s::tsquery THEN %(weight{n})s::float ELSE 0 END"
        for n in range(len(query_terms))
    ]
    values: dict[str, Any] = {f"term{n}": term.query for n, term in enumerate(query_terms)}
    values |= {f"weight{n}": term.weight / total for n, term in enumerate(query_terms)}
    return f"({' + '.join(parts) or '0'})", values


def _by_meaning(session: Session, model: str, scope: Library, vector: Vector) -> list[int]:
    """Return the chunks whose vectors are nearest."""
    if model not in scope.revisions:
        return []
    values = {"model": model, "revisions": list(scope.revisions[model]), "vector": _literal(vector)}
    size = len(vector)
    if scope.chunks[model] <= _EXACT or size not in INDEXED_DIMENSIONS:
        statement = f"""
            WITH own AS MATERIALIZED (
                SELECT chunk_id, embedding FROM knowledge_vectors
                WHERE revision = ANY(%(revisions)s::bigint[]) AND model = %(model)s AND dimensions = {size}
            )
            SELECT chunk_id FROM own ORDER BY embedding <=> %(vector)s::halfvec LIMIT {_CANDIDATES}
        """  # noqa: S608
    else:  # every other index is hidden, as in `within`
        statement = f"""
            SELECT chunk_id FROM knowledge_vectors
            WHERE revision + 0 = ANY(%(revisions)s::bigint[]) AND model || '' = %(model)s AND dimensions = {size}
            ORDER BY embedding::halfvec({size}) <=> %(vector)s::halfvec({size}) LIMIT {_CANDIDATES}
        """  # noqa: S608
    return [row.chunk_id for row in run(session, statement, values)]


def _literal(vector: Vector) -> str:
    return f"[{','.join(f'{value:.6g}' for value in vector)}]"


@dataclass(frozen=True, slots=True)
class _Evidence:
    found: Found
    density: float
    weight: float  # of its embedder, 0 if there was nothing to compare


def _evidence(session: Session, ids: set[int], query_terms: Sequence[Term], asked: Asked) -> list[_Evidence]:
    """Return both kinds of evidence for every candidate, whichever ranking it came from."""
    if not ids:
        return []
    covered, values = _coverage(query_terms)
    values |= {"ids": list(ids), "all": _any(term.query for term in query_terms)}
    cosine = "NULL::float"
    for n, (model, (_, vector)) in enumerate(asked.vectors.items()):
        values |= {f"model{n}": model, f"vector{n}": _literal(vector)}
        same = f"v.model = %(model{n})s AND v.dimensions = {len(vector)}"
        cosine = f"CASE WHEN {same} THEN 1 - (v.embedding <=> %(vector{n})s::halfvec) ELSE {cosine} END"
    rows = run(
        session,
        f"""
        SELECT c.id, c.source_id, s.title, c.heading, c.text, {covered} AS covered,
               ts_rank(c.search, %(all)s::tsquery, 1) AS density, {cosine} AS cosine, v.model
        FROM knowledge_chunks c
        JOIN knowledge_sources s ON s.id = c.source_id
        LEFT JOIN knowledge_vectors v ON v.chunk_id = c.id AND v.model = s.model
        WHERE c.id = ANY(%(ids)s::bigint[])
        """,  # noqa: S608
        values,
    )
    evidence = []
    for chunk_id, source_id, title, heading, text, words, density, cosine_value, model in rows:
        embedder = None if cosine_value is None else asked.vectors[model][0]
        meaning = None if embedder is None else embedder.similarity(cosine_value)
        score = 1 - (1 - _TRUST * words) * (1 - _TRUST * (meaning or 0.0))
        passage = Found(chunk_id, source_id, title, heading, text, round(score, 4), round(words, 4), meaning)
        evidence.append(_Evidence(passage, density, 0.0 if embedder is None else embedder.weight))
    return evidence


def _fused(evidence: Sequence[_Evidence]) -> list[Found]:
    """Return those above the floor, ordered by both ranks together."""
    by_words = _ranks(evidence, lambda one: (one.found.words, one.density) if one.found.words > 0 else None)
    by_meaning = _ranks(evidence, lambda one: one.found.meaning)

    def place(one: _Evidence) -> tuple[float, float, int]:
        words, meaning = by_words.get(one.found.chunk_id), by_meaning.get(one.found.chunk_id)
        share = (1 / (_RRF + words) if words else 0.0) + (one.weight / (_RRF + meaning) if meaning else 0.0)
        return -share, -one.found.score, one.found.chunk_id

    return [one.found for one in sorted(evidence, key=place) if one.found.score >= FLOOR]


def _ranks(evidence: Sequence[_Evidence], key: Callable[[_Evidence], Any]) -> dict[int, int]:
    """Return the rank of each chunk by its key, best first, from 1; without those that have none."""
    keyed = [(key(one), one.found.chunk_id) for one in evidence if key(one) is not None]
    return {chunk_id: rank for rank, (_, chunk_id) in enumerate(sorted(keyed, reverse=True), start=1)}
