"""figures of each day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.migrations.security import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_daily_figures_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "day", "metric", "channel_id", "label", "bucket", name=op.f("pk_daily_figures")
        ),
    )
    op.create_table(
        "days_counted",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_days_counted_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("business_id", "day", name=op.f("pk_days_counted")),
    )
    protect("daily_figures")
    protect("days_counted")


def downgrade() -> None:
    op.drop_table("days_counted")
    op.drop_table("daily_figures")
