"""what became of answers is counted by day, and quotes are found by their days"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.migrations.security import protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_COUNTS = ("count", "good", "bad", "handed_over")


def upgrade() -> None:
    op.create_table(
        "answer_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("bin", sa.SmallInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_answer_figures_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "day", "what", "channel_id", "label", "bin", name=op.f("pk_answer_figures")
        ),
    )
    protect("answer_figures")
    op.add_column("days_counted", sa.Column("answers_at", sa.DateTime(timezone=True)))
    for column in ("created_at", "decided_at"):
        op.create_index(op.f(f"ix_quotes_business_id_{column}"), "quotes", ["business_id", column])


def downgrade() -> None:
    for column in ("decided_at", "created_at"):
        op.drop_index(op.f(f"ix_quotes_business_id_{column}"), "quotes")
    op.drop_column("days_counted", "answers_at")
    op.drop_table("answer_figures")
