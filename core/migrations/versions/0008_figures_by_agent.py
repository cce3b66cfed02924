"""figures of each person's work; conversations by when they began and ended"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rekey("agent_id", add=True)
    op.create_index(
        op.f("ix_conversations_business_id_created_at"), "conversations", ["business_id", "created_at"]
    )
    op.create_index(
        op.f("ix_conversations_business_id_closed_at"),
        "conversations",
        ["business_id", "closed_at"],
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_conversations_business_id_closed_at"), table_name="conversations")
    op.drop_index(op.f("ix_conversations_business_id_created_at"), table_name="conversations")
    _rekey("agent_id", add=False)


def _rekey(column: str, *, add: bool) -> None:
    """Days are counted again by the scheduler, so what was counted with the other key is let go."""
    op.execute("TRUNCATE daily_figures, days_counted")
    op.drop_constraint(op.f("pk_daily_figures"), "daily_figures", type_="primary")
    if add:
        op.add_column("daily_figures", sa.Column(column, sa.BigInteger(), nullable=False))
    else:
        op.drop_column("daily_figures", column)
    key = ["business_id", "day", "metric", "channel_id", *([column] if add else []), "label", "bucket"]
    op.create_primary_key(op.f("pk_daily_figures"), "daily_figures", key)
