"""notices are sent with a schedule and listed, and news of an account pauses its numbers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_RENAMED = {"rate_limit": "rate_limit_warning", "refused": "whatsapp_down"}
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("notices", sa.Column("data", JSONB(), nullable=False, server_default=sa.text("'{}'")))
    for name in ("about", "digest"):
        op.add_column("notices", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("notices", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("notices", sa.Column("sent_to", ARRAY(sa.String()), nullable=False, server_default="{}"))
    op.add_column("notices", sa.Column("next_try_at", _TIME, server_default=sa.text("now()")))
    op.execute("UPDATE notices SET next_try_at = NULL WHERE sent_at IS NOT NULL")
    op.drop_index("ix_notices_unsent", "notices")
    op.create_index("ix_notices_due", "notices", ["next_try_at"], postgresql_where=sa.text("next_try_at IS NOT NULL"))
    op.create_index("ix_notices_about", "notices", ["business_id", "about", sa.text("id DESC")])
    op.add_column("agents", sa.Column("notices_read", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("channels", sa.Column("paused_for", sa.String()))
    op.add_column("channels", sa.Column("paused_until", _TIME))
    for old, new in _RENAMED.items():
        op.execute(f"UPDATE alerts SET kind = '{new}' WHERE kind = '{old}'")
        op.execute(f"UPDATE notices SET kind = 'alert_{new}' WHERE kind = 'alert_{old}'")
    op.execute("UPDATE alerts SET kind = 'sms_down' WHERE kind = 'whatsapp_down' AND subject LIKE 'sms %'")
    op.execute("UPDATE notices SET kind = 'alert_sms_down' WHERE kind = 'alert_whatsapp_down' AND text LIKE '%: sms %'")


def downgrade() -> None:
    op.execute("UPDATE alerts SET kind = 'refused' WHERE kind IN ('whatsapp_down', 'sms_down')")
    op.execute("UPDATE notices SET kind = 'alert_refused' WHERE kind IN ('alert_whatsapp_down', 'alert_sms_down')")
    op.execute("UPDATE alerts SET kind = 'rate_limit' WHERE kind = 'rate_limit_warning'")
    op.execute("UPDATE notices SET kind = 'alert_rate_limit' WHERE kind = 'alert_rate_limit_warning'")
    op.drop_column("channels", "paused_until")
    op.drop_column("channels", "paused_for")
    op.drop_column("agents", "notices_read")
    op.drop_index("ix_notices_about", "notices")
    op.drop_index("ix_notices_due", "notices")
    for name in ("next_try_at", "sent_to", "tries", "digest", "about", "data"):
        op.drop_column("notices", name)
    op.create_index("ix_notices_unsent", "notices", ["id"], postgresql_where=sa.text("sent_at IS NULL"))
