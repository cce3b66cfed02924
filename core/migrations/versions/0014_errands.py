"""long work in the background; a source is added to a bot once"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.migrations.security import protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "errands",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()")),
        sa.Column("lease", sa.Uuid()),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_errands_state")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_errands_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errands")),
    )
    is_open = sa.text("due_at IS NOT NULL")
    op.create_index(op.f("ix_errands_due_at"), "errands", ["due_at"], postgresql_where=is_open)
    op.create_index(
        "uq_errands_open", "errands", ["business_id", "kind", "subject_id"], unique=True, postgresql_where=is_open
    )
    op.create_index(
        op.f("ix_errands_business_id_kind_subject_id_id"), "errands", ["business_id", "kind", "subject_id", "id"]
    )
    protect("errands")
    op.create_index(
        "uq_knowledge_sources_content",
        "knowledge_sources",
        ["business_id", "bot_id", "content_hash"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("kind <> 'page' AND content_hash IS NOT NULL"),
    )
    op.create_index(
        "uq_knowledge_sources_page",
        "knowledge_sources",
        ["business_id", "bot_id", "origin"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("kind = 'page'"),
    )


def downgrade() -> None:
    op.drop_index("uq_knowledge_sources_page", "knowledge_sources")
    op.drop_index("uq_knowledge_sources_content", "knowledge_sources")
    op.drop_table("errands")
