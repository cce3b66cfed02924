"""Knowledge base: sources, their revisions, chunks, and embeddings by model."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    Computed,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant, one_of
from core.models.knowledge_kinds import SourceKind
from core.models.message import FOLDED


class SourceState(StrEnum):
    """Processing state of a source."""

    WAITING = "waiting"
    READING = "reading"
    EMBEDDING = "embedding"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


# Dimensions with an index: those of the offline embedder, of common open models and of OpenAI's two. Other vectors are
# compared sequentially. A half-precision index supports up to 4,000 dimensions, full precision only 2,000 (pgvector,
# HNSW).
INDEXED_DIMENSIONS = (256, 384, 768, 1024, 1536, 3072)

# Punctuation is removed: Postgres would parse "SKU-12" as the number -12 and "tienda.example/talles" as a URL.
_WORDS = f"regexp_replace({FOLDED}, '[!-/:-@\\[-`{{{{-~]+', ' ', 'g')"
# The Spanish and Portuguese stemmers recognize these endings only with accents.
_SPANISH = f"regexp_replace({_WORDS}, '([au])cion\\M', '\\1ción', 'g')"
_PORTUGUESE = f"regexp_replace(regexp_replace({_WORDS}, 'cao\\M', 'ção', 'g'), 'coes\\M', 'ções', 'g')"
# The language is unknown and may change from page to page: each word is stemmed in all three.
SEARCHABLE = " || ".join(
    f"to_tsvector('{language}', {words})"
    for language, words in (("spanish", _SPANISH), ("english", _WORDS), ("portuguese", _PORTUGUESE))
)


class KnowledgeSource(Tenant, Base):
    """A document, web page or text. `bot_id` is null if every bot of the business may use it.

    `revision` is the revision used by search; null until the first one is complete. Processing writes a new revision,
    which replaces the old one when it is complete. (No foreign key: it would be circular.)
    `model` is the embedding model whose vectors cover that revision; null without vectors, then only full-text search
    finds it.

    `file_key` is the storage key of the upload; `origin` the file name or the page's URL. `fault` is a code.
    """

    __tablename__ = "knowledge_sources"
    __table_args__ = (
        one_of("kind", SourceKind),
        one_of("state", SourceState),
        Index(None, "business_id", "bot_id"),
        Index(None, "bot_id"),
        Index(
            "uq_knowledge_sources_content",
            "business_id",
            "bot_id",
            "content_hash",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("kind <> 'page' AND content_hash IS NOT NULL"),
        ),
        Index(
            "uq_knowledge_sources_page",
            "business_id",
            "bot_id",
            "origin",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("kind = 'page'"),
        ),
    )

    id: Mapped[Id]
    bot_id: Mapped[int | None] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    kind: Mapped[str]
    title: Mapped[str]
    origin: Mapped[str] = mapped_column(server_default="")
    content_hash: Mapped[str | None]
    bytes: Mapped[int | None]
    file_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=SourceState.WAITING)
    fault: Mapped[str | None]
    pieces_done: Mapped[int] = mapped_column(Integer, server_default="0")
    pieces_total: Mapped[int] = mapped_column(Integer, server_default="0")
    chunks: Mapped[int] = mapped_column(Integer, server_default="0")
    revision: Mapped[int | None]
    model: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[Stamp]
    updated_at: Mapped[Stamp]
    read_at: Mapped[datetime | None]


class KnowledgeRevision(Tenant, Base):
    """A revision of a source. Deleting an abandoned or outdated one deletes its chunks."""

    __tablename__ = "knowledge_revisions"
    __table_args__ = (Index(None, "source_id"),)

    id: Mapped[Id]
    source_id: Mapped[int] = mapped_column(ForeignKey("knowledge_sources.id", ondelete="CASCADE"))
    created_at: Mapped[Stamp]


class KnowledgeChunk(Tenant, Base):
    """A passage of a source. `tokens` is an estimate; `content_hash` covers heading and text."""

    __tablename__ = "knowledge_chunks"
    __table_args__ = (
        Index(None, "revision", "position", unique=True),
        Index(None, "source_id"),
        Index(None, "search", postgresql_using="gin"),
    )

    id: Mapped[Id]
    source_id: Mapped[int] = mapped_column(ForeignKey("knowledge_sources.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column(ForeignKey("knowledge_revisions.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    heading: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str]
    tokens: Mapped[int] = mapped_column(Integer)
    content_hash: Mapped[str]
    search: Mapped[str | None] = mapped_column(
        TSVECTOR, Computed(SEARCHABLE.format(*["heading || ' ' || text"] * 3), persisted=True), deferred=True
    )


def _hnsw(dimensions: int) -> Index:
    return Index(
        f"ix_knowledge_vectors_{dimensions}",
        literal_column(f"(embedding::halfvec({dimensions}))").label("shaped"),
        postgresql_using="hnsw",
        postgresql_ops={"shaped": "halfvec_cosine_ops"},
        postgresql_where=text(f"dimensions = {dimensions}"),
    )


class KnowledgeVector(Tenant, Base):
    """The normalized embedding of a chunk by one model. `revision` is the chunk's.

    Half precision halves the memory and changes the order of neighbours only for near ties.
    """

    __tablename__ = "knowledge_vectors"
    __table_args__ = (
        PrimaryKeyConstraint("chunk_id", "model"),
        Index(None, "revision", "model"),
        *(_hnsw(dimensions) for dimensions in INDEXED_DIMENSIONS),
    )

    chunk_id: Mapped[int] = mapped_column(ForeignKey("knowledge_chunks.id", ondelete="CASCADE"))
    model: Mapped[str]
    revision: Mapped[int]
    dimensions: Mapped[int] = mapped_column(SmallInteger)
    embedding: Mapped[list[float]] = mapped_column(HALFVEC)
