"""what a provider was given of our files is remembered, so that a file for many is handed over once"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.migrations.security import protect

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_files",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("good_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_provider_files_{column}"), ondelete="CASCADE"
            )
            for column, table in (
                ("business_id", "businesses"),
                ("channel_id", "channels"),
                ("attachment_id", "attachments"),
            )
        ),
        sa.PrimaryKeyConstraint("channel_id", "attachment_id", name=op.f("pk_provider_files")),
    )
    op.create_index(op.f("ix_provider_files_attachment_id"), "provider_files", ["attachment_id"])
    protect("provider_files")


def downgrade() -> None:
    op.drop_table("provider_files")
