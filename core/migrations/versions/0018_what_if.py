"""new settings are tried on past conversations and saved cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.migrations.security import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NOTHING = sa.text("'{}'::jsonb")


def upgrade() -> None:
    op.create_table(
        "saved_cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.Column("expected", postgresql.JSONB(), server_default=_NOTHING, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        *_tenant("saved_cases"),
        _bot("saved_cases"),
        _key("saved_cases", "conversation_id", "conversations", "CASCADE"),
    )
    op.create_index(op.f("ix_saved_cases_bot_id"), "saved_cases", ["bot_id"])
    op.create_index(op.f("ix_saved_cases_conversation_id"), "saved_cases", ["conversation_id"])
    op.create_table(
        "rehearsals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("base_version", sa.BigInteger(), nullable=False),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("spend_limit", sa.Numeric(10, 4)),
        sa.Column("spent", sa.Numeric(14, 8), server_default="0", nullable=False),
        sa.Column("ended", sa.String()),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("source IN ('conversations', 'cases')", name=op.f("ck_rehearsals_source")),
        *_tenant("rehearsals"),
        _bot("rehearsals"),
    )
    op.create_index(op.f("ix_rehearsals_bot_id_id"), "rehearsals", ["bot_id", "id"])
    op.create_table(
        "rehearsal_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rehearsal_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger()),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.Column("replies_in_a_row", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expected", postgresql.JSONB(), server_default=_NOTHING, nullable=False),
        sa.Column("before", postgresql.JSONB()),
        sa.Column("after", postgresql.JSONB()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        *_tenant("rehearsal_items"),
        _key("rehearsal_items", "rehearsal_id", "rehearsals", "CASCADE"),
        _key("rehearsal_items", "conversation_id", "conversations", "CASCADE"),
        _key("rehearsal_items", "case_id", "saved_cases", "SET NULL"),
        sa.UniqueConstraint("rehearsal_id", "position", name=op.f("uq_rehearsal_items_rehearsal_id_position")),
    )
    op.create_index(op.f("ix_rehearsal_items_conversation_id"), "rehearsal_items", ["conversation_id"])
    op.create_index(op.f("ix_rehearsal_items_case_id"), "rehearsal_items", ["case_id"])
    for table in ("saved_cases", "rehearsals", "rehearsal_items"):
        protect(table)


def _tenant(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        _key(table, "business_id", "businesses", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _bot(table: str) -> sa.ForeignKeyConstraint:
    return _key(table, "bot_id", "bots", "CASCADE")


def _key(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def downgrade() -> None:
    for table in ("rehearsal_items", "rehearsals", "saved_cases"):
        op.drop_table(table)
