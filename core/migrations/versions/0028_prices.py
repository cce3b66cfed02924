"""Prices of a business's own, and figures counted by what now is an answer

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "businesses",
        sa.Column("prices", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )
    # Counted again by the scheduler, a month of days at a time.
    op.execute("DELETE FROM daily_figures")
    op.execute("DELETE FROM days_counted")


def downgrade() -> None:
    op.drop_column("businesses", "prices")
