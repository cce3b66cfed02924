"""Embed a revision's passages with one model, batch by batch."""

from __future__ import annotations

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from core.bots import price_table
from core.bots.llm.metering import Embedded, metered
from core.bots.usage import record_embedded
from core.knowledge.embedders import Embedder, passage_text
from core.models.knowledge import KnowledgeChunk, KnowledgeRevision, KnowledgeSource, KnowledgeVector
from core.platform.db import run, transaction
from core.tasks.background_tasks import ClaimedTask

_BATCH = 128
_TIMEOUT_SECONDS = 120.0  # for a batch, including the waits of a busy server


def backfill(task: ClaimedTask, revision: int, embedder: Embedder) -> None:
    """Embed the passages without a vector of this embedder: those of an earlier attempt are not embedded again.

    A revision deleted meanwhile needs none. Raises `ModelFailed`, `TaskInterrupted`.
    """
    with metered() as embedded:
        try:
            _backfill(task, revision, embedder)
        finally:
            _record_cost(task, revision, embedded)


def _record_cost(task: ClaimedTask, revision: int, embedded: Embedded) -> None:
    """Record the cost, which is spent even if the task fails."""
    with transaction(task.scope) as session:
        of_revision = select(KnowledgeRevision.source_id).where(KnowledgeRevision.id == revision).scalar_subquery()
        bot_id = session.scalar(select(KnowledgeSource.bot_id).where(KnowledgeSource.id == of_revision))
        record_embedded(session, bot_id, embedded, price_table.table(task.business_id))


def _backfill(task: ClaimedTask, revision: int, embedder: Embedder) -> None:
    after = -1
    with transaction(task.scope) as session:
        done, total = _progress(session, revision, embedder.name)
    while True:
        task.report_progress(done, total)
        with transaction(task.scope) as session:
            batch = _next_batch(session, revision, embedder.name, after)
        if not batch:
            return
        vectors = embedder.embed([passage for _, _, passage in batch], timeout_seconds=_TIMEOUT_SECONDS)
        rows = [
            {
                "business_id": task.business_id,
                "chunk_id": chunk_id,
                "model": embedder.name,
                "revision": revision,
                "dimensions": len(vector),
                "embedding": list(vector),
            }
            for (chunk_id, _, _), vector in zip(batch, vectors, strict=True)
        ]
        with transaction(task.scope) as session:
            task.assert_lease(session)
            if not _locked(session, revision):
                return
            session.execute(insert(KnowledgeVector), rows)
        done, after = done + len(batch), batch[-1][1]


def copy_vectors(session: Session, old_revision: int, new_edition: int, first: int, last: int) -> None:
    """Copy vectors to passages `first` to `last` of a new revision that are identical in the old one."""
    run(
        session,
        """
        INSERT INTO knowledge_vectors (business_id, chunk_id, model, revision, dimensions, embedding)
        SELECT DISTINCT ON (new.id, v.model) new.business_id, new.id, v.model, new.revision, v.dimensions, v.embedding
        FROM knowledge_chunks new
        JOIN knowledge_chunks old ON old.revision = %(old)s AND old.content_hash = new.content_hash
        JOIN knowledge_vectors v ON v.chunk_id = old.id
        WHERE new.revision = %(new)s AND new.position BETWEEN %(first)s AND %(last)s
        """,
        {"old": old_revision, "new": new_edition, "first": first, "last": last},
    )


def _locked(session: Session, revision: int) -> bool:
    """Lock the revision until the transaction ends. Return whether it exists."""
    query = (
        select(KnowledgeRevision.id).where(KnowledgeRevision.id == revision).with_for_update(read=True, key_share=True)
    )
    return session.scalar(query) is not None


def _progress(session: Session, revision: int, model: str) -> tuple[int, int]:
    row = session.execute(
        text("""
        SELECT (SELECT count(*) FROM knowledge_vectors WHERE revision = :revision AND model = :model),
            (SELECT count(*) FROM knowledge_chunks WHERE revision = :revision)
        """),
        {"revision": revision, "model": model},
    ).one()
    return row[0], row[1]


def _next_batch(session: Session, revision: int, model: str, after: int) -> list[tuple[int, int, str]]:
    """Return the next passages without a vector: id, position and the text to embed."""
    has_vector = (
        select(KnowledgeVector.chunk_id)
        .where(KnowledgeVector.chunk_id == KnowledgeChunk.id, KnowledgeVector.model == model)
        .exists()
    )
    rows = session.execute(
        select(KnowledgeChunk.id, KnowledgeChunk.position, KnowledgeChunk.heading, KnowledgeChunk.text)
        .where(KnowledgeChunk.revision == revision, KnowledgeChunk.position > after, ~has_vector)
        .order_by(KnowledgeChunk.position)
        .limit(_BATCH)
    )
    return [(row.id, row.position, passage_text(row.heading, row.text)) for row in rows]
