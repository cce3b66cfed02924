"""a business neither makes nor drops a business, itself included: with it would go all that it has"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("REVOKE INSERT, DELETE ON businesses FROM bothub_app")


def downgrade() -> None:
    op.execute("GRANT INSERT, DELETE ON businesses TO bothub_app")
