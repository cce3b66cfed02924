"""a second proof at signing in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("totp", sa.LargeBinary()))
    _kinds("'session', 'link', 'code'")


def downgrade() -> None:
    op.execute("DELETE FROM agent_tokens WHERE kind = 'code'")
    _kinds("'session', 'link'")
    op.drop_column("agents", "totp")


def _kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_agent_tokens_kind"), "agent_tokens")
    op.create_check_constraint(op.f("ck_agent_tokens_kind"), "agent_tokens", f"kind IN ({kinds})")
