"""customers are found by the names that they chose at the provider"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identities", sa.Column("username", sa.String(), nullable=True))
    op.create_index(
        "ix_identities_username",
        "identities",
        [sa.text("lower(username)")],
        postgresql_where=sa.text("username IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("identities", "username")
