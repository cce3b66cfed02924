"""what bots know: sources, chunks, vectors"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

from core.migrations.security import protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SAID = "heading || ' ' || text"
_FOLDED = (
    f"lower(translate({_SAID}, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡', "
    "'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'))"
)
_WORDS = f"regexp_replace({_FOLDED}, '[!-/:-@\\[-`{{-~]+', ' ', 'g')"
_SPANISH = f"regexp_replace({_WORDS}, '([au])cion\\M', '\\1ción', 'g')"
_PORTUGUESE = f"regexp_replace(regexp_replace({_WORDS}, 'cao\\M', 'ção', 'g'), 'coes\\M', 'ções', 'g')"
_SEARCHABLE = (
    f"to_tsvector('spanish', {_SPANISH}) || to_tsvector('english', {_WORDS}) || to_tsvector('portuguese', {_PORTUGUESE})"
)
_INDEXED_DIMENSIONS = (256, 384, 768, 1024, 1536, 3072)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "knowledge_sources",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("bot_id", sa.BigInteger()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), server_default="", nullable=False),
        sa.Column("content_hash", sa.String()),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("file_key", sa.String()),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("fault", sa.String()),
        sa.Column("pieces_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pieces_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("chunks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("edition", sa.BigInteger()),
        sa.Column("model", sa.String()),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('text', 'markdown', 'pdf', 'docx', 'table', 'html', 'page')",
            name=op.f("ck_knowledge_sources_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'reading', 'embedding', 'ready', 'failed', 'cancelled')",
            name=op.f("ck_knowledge_sources_state"),
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_knowledge_sources_bot_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_knowledge_sources_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_sources")),
    )
    op.create_index(op.f("ix_knowledge_sources_business_id_bot_id"), "knowledge_sources", ["business_id", "bot_id"])
    op.create_index(op.f("ix_knowledge_sources_bot_id"), "knowledge_sources", ["bot_id"])
    op.create_table(
        "knowledge_editions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["knowledge_sources.id"], name=op.f("fk_knowledge_editions_source_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_knowledge_editions_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_editions")),
    )
    op.create_index(op.f("ix_knowledge_editions_source_id"), "knowledge_editions", ["source_id"])
    op.create_table(
        "knowledge_chunks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(), server_default="", nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), sa.Computed(_SEARCHABLE, persisted=True)),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["knowledge_sources.id"], name=op.f("fk_knowledge_chunks_source_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["edition"], ["knowledge_editions.id"], name=op.f("fk_knowledge_chunks_edition"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_knowledge_chunks_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_chunks")),
    )
    op.create_index(
        op.f("ix_knowledge_chunks_edition_position"), "knowledge_chunks", ["edition", "position"], unique=True
    )
    op.create_index(op.f("ix_knowledge_chunks_source_id"), "knowledge_chunks", ["source_id"])
    op.create_index(op.f("ix_knowledge_chunks_search"), "knowledge_chunks", ["search"], postgresql_using="gin")
    op.create_table(
        "knowledge_vectors",
        sa.Column("chunk_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("dimensions", sa.SmallInteger(), nullable=False),
        sa.Column("embedding", HALFVEC(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["knowledge_chunks.id"], name=op.f("fk_knowledge_vectors_chunk_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_knowledge_vectors_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chunk_id", "model", name=op.f("pk_knowledge_vectors")),
    )
    op.create_index(op.f("ix_knowledge_vectors_edition_model"), "knowledge_vectors", ["edition", "model"])
    for dimensions in _INDEXED_DIMENSIONS:
        op.execute(
            f"CREATE INDEX ix_knowledge_vectors_{dimensions} ON knowledge_vectors "
            f"USING hnsw ((embedding::halfvec({dimensions})) halfvec_cosine_ops) WHERE dimensions = {dimensions}"
        )
    for table in ("knowledge_sources", "knowledge_editions", "knowledge_chunks", "knowledge_vectors"):
        protect(table)


def downgrade() -> None:
    for table in ("knowledge_vectors", "knowledge_chunks", "knowledge_editions", "knowledge_sources"):
        op.drop_table(table)
    op.execute("DROP EXTENSION vector")
