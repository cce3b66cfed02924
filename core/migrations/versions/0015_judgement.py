"""who is given the conversations that the bot hands over"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "businesses", sa.Column("auto_assign", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.add_column("businesses", sa.Column("most_open", sa.Integer(), server_default="10", nullable=False))
    op.create_check_constraint(op.f("ck_businesses_most_open"), "businesses", "most_open BETWEEN 1 AND 500")
    op.add_column("channels", sa.Column("team_id", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_channels_team_id"), "channels", "teams", ["team_id"], ["id"], ondelete="SET NULL")


def downgrade() -> None:
    op.drop_column("channels", "team_id")
    op.drop_column("businesses", "most_open")
    op.drop_column("businesses", "auto_assign")
