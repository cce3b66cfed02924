"""edits and deletions name their message in a plain column, which an index serves under row-level security too"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_CHANGES = "type IN ('edit', 'revoke')"


def upgrade() -> None:
    op.execute(
        "UPDATE messages SET reply_to = payload ->> 'original_message_id'"  # noqa: S608 - words of our own
        f" WHERE {_CHANGES} AND payload ? 'original_message_id'"
    )
    _index("reply_to")


def downgrade() -> None:
    _index(sa.text("(payload ->> 'original_message_id')"))


def _index(column: str | sa.TextClause) -> None:
    op.drop_index("ix_messages_changes", "messages")
    op.create_index(
        "ix_messages_changes", "messages", ["channel_id", column], postgresql_where=sa.text(_CHANGES)
    )
