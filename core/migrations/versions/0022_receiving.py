"""events note how often they were begun and whose secret signed them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_events", sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("webhook_events", sa.Column("signed_by", ARRAY(sa.BigInteger())))
    op.execute(sa.schema.CreateSequence(sa.Sequence("receiving_from")))


def downgrade() -> None:
    op.execute(sa.schema.DropSequence(sa.Sequence("receiving_from")))
    op.drop_column("webhook_events", "signed_by")
    op.drop_column("webhook_events", "attempts")
