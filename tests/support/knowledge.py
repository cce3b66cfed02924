"""Add sources to a business and ingest them as a worker does, or store documents as they are after ingest."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from core.bots.llm.embeddings import Vector
from core.bots.llm.types import FailureKind, ModelFailed
from core.knowledge import sources
from core.knowledge.chunking import split
from core.knowledge.embedders import OFFLINE, Embedder, passage_text
from core.knowledge.parser_process import parse_in_process
from core.knowledge.parsers.types import Section
from core.models import KnowledgeChunk, KnowledgeRevision, KnowledgeSource, KnowledgeVector
from core.platform.db import system_transaction, transaction
from core.tasks import background_tasks
from core.tasks.background_tasks import ClaimedTask
from tests.conftest import TestBusiness
from workers.jobs import background_task as work


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


def markdown(*answers: str) -> bytes:
    """Return a document with a section, and so a passage, for each answer."""
    return "\n\n".join(f"# Section {n}\n\n{answer}" for n, answer in enumerate(answers)).encode()


def add(business: TestBusiness, content: bytes, name: str = "guide.md", title: str = "Guide", **more: Any) -> int:
    kept = sources.store_content(business.business_id, io.BytesIO(content), name)
    with transaction(business.business_id) as session:
        return sources.add(session, kept, title=title, **{"bot_id": business.bot_id, **more})


def source(business: TestBusiness, source_id: int) -> KnowledgeSource:
    with transaction(business.business_id) as session:
        return session.get_one(KnowledgeSource, source_id)


def claim(lease_for: float = 30) -> ClaimedTask:
    with system_transaction() as session:
        (running,) = background_tasks.claim(session, 1, timedelta(seconds=lease_for))
        return running


def read_next() -> None:
    """Run the next task."""
    work.run_task(claim())


class Model:
    """An embedding server that counts its calls, and may be down."""

    weight = 1.0

    def __init__(self, name: str = "model-a") -> None:
        self.name = name
        self.asked: list[str] = []
        self.answers_left = 1_000_000
        self.refuses = ""

    def embed(self, texts: Sequence[str], *, timeout_seconds: float) -> list[Vector]:
        if self.answers_left == 0:
            raise ModelFailed(FailureKind.CONNECTION, "away", retryable=True)
        if self.refuses and any(self.refuses in text for text in texts):
            raise ModelFailed(FailureKind.REJECTED, "no")
        self.answers_left -= 1
        self.asked += texts
        return OFFLINE.embed(texts)

    def similarity(self, cosine: float) -> float:
        return cosine


@contextmanager
def read_at_once(path: Any, name: str) -> Any:
    """Parse in this process: starting another one takes a second."""
    yield parse_in_process(path.read_bytes(), name)
