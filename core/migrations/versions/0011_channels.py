"""what a channel's provider said when it was last asked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channels", sa.Column("asked_at", sa.DateTime(timezone=True)))
    op.add_column("channels", sa.Column("told", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False))


def downgrade() -> None:
    op.drop_column("channels", "told")
    op.drop_column("channels", "asked_at")
