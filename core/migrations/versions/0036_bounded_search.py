"""search indexes the beginning of a text: Postgres refuses more than a megabyte of words"""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_STEMMABLE = r"""
    regexp_replace(lower(translate(left({}, 50000),
        'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡',
        'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')), '([au])cion\M', '\1ción', 'g')
"""
_ABOUT = """
    coalesce(payload #>> '{referral,headline}', '') || ' '
    || coalesce(payload #>> '{referral,body}', '') || ' '
    || coalesce(payload #>> '{context,referred_product,product_retailer_id}', '') || ' '
    || coalesce((payload ->> 'filename') || ' ' || translate(payload ->> 'filename', '-_.', '   '), '') || ' '
    || coalesce(payload #>> '{list_reply,description}', '')
"""


def upgrade() -> None:
    op.execute("ALTER TABLE messages DROP COLUMN search")
    op.execute(
        "ALTER TABLE messages ADD COLUMN search tsvector"
        f" GENERATED ALWAYS AS (to_tsvector('spanish', {_STEMMABLE.format('text')})) STORED"
    )
    op.execute("CREATE INDEX ix_messages_search ON messages USING gin (search)")
    op.execute(
        "CREATE OR REPLACE FUNCTION words_about(payload jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE"
        f" RETURN to_tsvector('pg_catalog.spanish', {_STEMMABLE.format(_ABOUT)})"
    )


def downgrade() -> None:
    """Change nothing: the revision before can use the bounded index."""
