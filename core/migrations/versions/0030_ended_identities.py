"""addresses end when their number has another owner

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identities", sa.Column("account", sa.String(), nullable=True))
    op.add_column("identities", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint("uq_identities_business_id_kind_address", "identities")
    op.create_index(
        "uq_identities_live",
        "identities",
        ["business_id", "kind", "address"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_identities_address", "identities", ["business_id", "address"])
    # Where a customer talked to one account only, their user ids are that account's.
    op.execute("""
        UPDATE identities i SET account = seen.account FROM (
            SELECT c.contact_id, min(ch.account) AS account
            FROM conversations c JOIN channels ch ON ch.id = c.channel_id
            WHERE c.kind = 'whatsapp' GROUP BY c.contact_id HAVING count(DISTINCT coalesce(ch.account, '')) = 1
        ) seen
        WHERE seen.contact_id = i.contact_id AND i.address ~ '^[A-Z]{2}[.]'
    """)


def downgrade() -> None:
    op.execute("DELETE FROM identities WHERE ended_at IS NOT NULL")
    op.drop_index("ix_identities_address", "identities")
    op.drop_index("uq_identities_live", "identities")
    op.create_unique_constraint("uq_identities_business_id_kind_address", "identities", ["business_id", "kind", "address"])
    op.drop_column("identities", "ended_at")
    op.drop_column("identities", "account")
