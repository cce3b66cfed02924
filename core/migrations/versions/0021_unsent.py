"""numbers that only answer for a while, messages that end a customer's wait, and the ones that did not arrive"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# What older versions promised of messages that are not sent again.
_PROMISES = """
UPDATE messages SET error = jsonb_set(error, '{advice}', to_jsonb(
    regexp_replace(error ->> 'advice', ' (The message|It) will be sent again by itself\\.', '')))
WHERE status = 'failed' AND error ->> 'advice' LIKE '%will be sent again by itself.'
"""


def upgrade() -> None:
    op.add_column("channel_flow", sa.Column("answers_only_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversations", sa.Column("unsent_id", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("answers", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(_PROMISES)


def downgrade() -> None:
    op.drop_column("deliveries", "answers")
    op.drop_column("conversations", "unsent_id")
    op.drop_column("channel_flow", "answers_only_until")
