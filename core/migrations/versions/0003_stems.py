"""Words in -ación are found whether they are written with their accent, without it, or in the plural"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FOLDED = (
    "lower(translate(text, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡', "
    "'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'))"
)
_STEMMABLE = f"regexp_replace({_FOLDED}, '([au])cion\\M', '\\1ción', 'g')"


def upgrade() -> None:
    _search_by(_STEMMABLE)


def downgrade() -> None:
    _search_by(_FOLDED)


def _search_by(words: str) -> None:
    """The column is made afresh: before Postgres 17 a generated column cannot be given another expression."""
    op.drop_column("messages", "search")  # and its index with it
    op.add_column(
        "messages",
        sa.Column("search", postgresql.TSVECTOR(), sa.Computed(f"to_tsvector('spanish', {words})", persisted=True)),
    )
    op.create_index("ix_messages_search", "messages", ["search"], postgresql_using="gin")
