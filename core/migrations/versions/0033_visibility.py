"""a business decides which conversations its agents see; who handed a file in is known"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("businesses", sa.Column("agents_see", sa.String(), server_default="all", nullable=False))
    op.create_check_constraint(
        op.f("ck_businesses_agents_see"), "businesses", "agents_see IN ('all', 'team', 'own')"
    )
    op.add_column("attachments", sa.Column("author_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("attachments", "author_id")
    op.drop_constraint(op.f("ck_businesses_agents_see"), "businesses")
    op.drop_column("businesses", "agents_see")
