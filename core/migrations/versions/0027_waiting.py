"""which question of a customer an answer must be newer than, and since when a message of ours has not arrived"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("asked_id", sa.BigInteger(), nullable=True))
    op.add_column("conversations", sa.Column("unsent_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("conversations", "unsent_at")
    op.drop_column("conversations", "asked_id")
