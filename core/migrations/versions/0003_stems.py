"""Words in -ación are found whether they are written with their accent, without it, or in the plural"""

from __future__ import annotations

from alembic import op

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
    op.execute(f"ALTER TABLE messages ALTER COLUMN search SET EXPRESSION AS (to_tsvector('spanish', {words}))")
