"""quotes and their lines"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.migrations.security import protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('asking', 'open')")


def upgrade() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("bot_id", sa.BigInteger()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("currency", sa.String()),
        sa.Column("total", sa.Numeric(16, 4)),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asking', 'open', 'confirmed', 'declined', 'expired', 'replaced')",
            name=op.f("ck_quotes_state"),
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_quotes_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_quotes_bot_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_quotes_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
    )
    op.create_index("uq_quotes_waiting", "quotes", ["conversation_id"], unique=True, postgresql_where=_WAITING)
    op.create_index(op.f("ix_quotes_conversation_id"), "quotes", ["conversation_id"])
    op.create_index(op.f("ix_quotes_business_id"), "quotes", ["business_id", sa.text("id DESC")])
    op.create_index(op.f("ix_quotes_expires_at"), "quotes", ["expires_at"], postgresql_where=_WAITING)
    op.create_table(
        "quote_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("quote_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(14, 3)),
        sa.Column("said_unit", sa.String(), server_default="", nullable=False),
        sa.Column("product_id", sa.BigInteger()),
        sa.Column("sku", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("unit", sa.String(), server_default="", nullable=False),
        sa.Column("price", sa.Numeric(14, 4)),
        sa.Column("currency", sa.String()),
        sa.Column("amount", sa.Numeric(16, 4)),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("candidates", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["quote_id"], ["quotes.id"], name=op.f("fk_quote_lines_quote_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_quote_lines_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_lines")),
    )
    op.create_index(op.f("ix_quote_lines_quote_id"), "quote_lines", ["quote_id"])
    for table in ("quotes", "quote_lines"):
        protect(table)


def downgrade() -> None:
    op.drop_table("quote_lines")
    op.drop_table("quotes")
