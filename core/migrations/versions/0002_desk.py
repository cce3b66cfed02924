"""the desk: snoozing, saved replies, what is known of a session"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.migrations.security import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("snoozed_until", sa.DateTime(timezone=True)))
    op.create_index(
        op.f("ix_conversations_snoozed_until"),
        "conversations",
        ["snoozed_until"],
        postgresql_where=sa.text("status = 'snoozed'"),
    )
    op.add_column("agent_tokens", sa.Column("user_agent", sa.String()))
    op.add_column("agent_tokens", sa.Column("last_seen_at", sa.DateTime(timezone=True)))
    op.create_table(
        "saved_replies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("shortcut", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_saved_replies_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_replies")),
        sa.UniqueConstraint("business_id", "shortcut", name=op.f("uq_saved_replies_business_id_shortcut")),
    )
    protect("saved_replies")


def downgrade() -> None:
    op.drop_table("saved_replies")
    op.drop_column("agent_tokens", "last_seen_at")
    op.drop_column("agent_tokens", "user_agent")
    op.drop_index(op.f("ix_conversations_snoozed_until"), table_name="conversations")
    op.drop_column("conversations", "snoozed_until")
