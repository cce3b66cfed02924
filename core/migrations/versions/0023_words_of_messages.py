"""forms, orders, contacts, edits and deletions are text; advertisements, products and file names are searched"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.channels.content.plain_text import as_text

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ABOUT = (
    "coalesce(payload #>> '{referral,headline}', '') || ' ' || coalesce(payload #>> '{referral,body}', '') || ' ' || "
    "coalesce(payload #>> '{context,referred_product,product_retailer_id}', '') || ' ' || "
    "coalesce((payload ->> 'filename') || ' ' || translate(payload ->> 'filename', '-_.', '   '), '') || ' ' || "
    "coalesce(payload #>> '{list_reply,description}', '')"
)
_FOLDED = (
    f"lower(translate({_ABOUT}, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡', "
    "'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'))"
)
_STEMMABLE = f"regexp_replace({_FOLDED}, '([au])cion\\M', '\\1ción', 'g')"
_FUNCTION = f"""
CREATE FUNCTION words_about(payload jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('pg_catalog.spanish', {_STEMMABLE})
"""
_EDITED = "UPDATE messages SET text = payload #>> '{edited,text}'," + (
    " payload = jsonb_set(payload, '{edited,before}', to_jsonb(text))"
    " WHERE payload ? 'edited' AND payload #>> '{edited,text}' IS NOT NULL"
)
_REVOKED = (
    "UPDATE messages SET text = '', payload = jsonb_set(payload, '{revoked,text}', to_jsonb(text))"
    " WHERE payload ? 'revoked' AND text <> ''"
)
_FILES = "UPDATE messages SET text = payload ->> 'filename' WHERE type = 'document' AND text = '' AND payload ? 'filename'"
_WORDLESS = """
SELECT id, type, payload FROM messages
WHERE direction = 'inbound' AND id > :after
  AND (type IN ('order', 'contacts') OR type = 'interactive' AND payload ->> 'type' = 'nfm_reply')
ORDER BY id LIMIT 500
"""


def upgrade() -> None:
    for statement in (_EDITED, _REVOKED, _FILES):
        op.execute(statement)
    _tell()
    op.execute(_FUNCTION)
    op.create_index(
        "ix_messages_changes",
        "messages",
        ["channel_id", sa.text("(payload ->> 'original_message_id')")],
        postgresql_where=sa.text("type IN ('edit', 'revoke')"),
    )
    op.create_index(
        "ix_messages_about",
        "messages",
        [sa.text("words_about(payload)")],
        postgresql_using="gin",
        postgresql_where=sa.text("payload ?| '{referral,context,filename,list_reply}'"),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_about", "messages")
    op.drop_index("ix_messages_changes", "messages")
    op.execute("DROP FUNCTION words_about(jsonb)")


def _tell() -> None:
    """Give forms, orders and contacts of before the words they have."""
    connection = op.get_bind()
    after = 0
    while rows := connection.execute(sa.text(_WORDLESS), {"after": after}).all():
        found = [{"id": row.id, "words": words} for row in rows if (words := as_text(row.type, row.payload))]
        if found:
            connection.execute(sa.text("UPDATE messages SET text = :words WHERE id = :id"), found)
        after = rows[-1].id
