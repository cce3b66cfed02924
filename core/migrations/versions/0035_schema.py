"""the schema, written out; a database of revision 0034 is converted (core.migrations.revision_0034)"""

from __future__ import annotations

from alembic import op

from core.migrations import scripts

revision = "0035"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for script in ("schema_0035.sql", "row_level_security_0035.sql"):
        scripts.run(op.get_bind(), scripts.read(script))
