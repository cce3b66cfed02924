"""Store documents of a bot as they are after ingest."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert

from core.knowledge.chunking import split
from core.knowledge.embedders import OFFLINE, Embedder, passage_text
from core.knowledge.parsers.types import Section
from core.models import KnowledgeChunk, KnowledgeRevision, KnowledgeSource, KnowledgeVector
from core.platform.db import transaction


def teach(
    business_id: int,
    bot_id: int | None,
    title: str,
    sections: Sequence[tuple[str, str]],
    *,
    embedder: Embedder | None = OFFLINE,
    whole: bool = True,
) -> list[int]:
    """Store a source with a passage for each of these (heading, text). Return the passages' ids.

    With `whole` False the ingest is unfinished. Without an embedder only full text finds it.
    """
    chunks = list(split(Section(heading, text, n, whole=True) for n, (heading, text) in enumerate(sections, start=1)))
    vectors = (
        [] if embedder is None else embedder.embed([passage_text(c.heading, c.text) for c in chunks], timeout_seconds=5)
    )
    with transaction(business_id) as session:
        source = KnowledgeSource(
            business_id=business_id, bot_id=bot_id, kind="text", title=title, created_by="test", chunks=len(chunks)
        )
        session.add(source)
        session.flush()
        revision = KnowledgeRevision(business_id=business_id, source_id=source.id)
        session.add(revision)
        session.flush()
        ids = list(
            session.scalars(
                insert(KnowledgeChunk).returning(KnowledgeChunk.id, sort_by_parameter_order=True),
                [
                    {
                        "business_id": business_id,
                        "source_id": source.id,
                        "revision": revision.id,
                        "position": chunk.position,
                        "heading": chunk.heading,
                        "text": chunk.text,
                        "tokens": chunk.tokens,
                        "content_hash": chunk.content_hash,
                    }
                    for chunk in chunks
                ],
            )
        )
        for chunk_id, vector in zip(ids, vectors, strict=False):
            session.add(
                KnowledgeVector(
                    business_id=business_id,
                    chunk_id=chunk_id,
                    model=embedder.name if embedder else "",
                    revision=revision.id,
                    dimensions=len(vector),
                    embedding=list(vector),
                )
            )
        if whole:
            source.revision, source.state = revision.id, "ready"
            source.model = embedder.name if embedder else None
    return ids
