"""counters and histograms of all processes"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE metric_totals (
    sample varchar NOT NULL,
    labels jsonb NOT NULL,
    family varchar NOT NULL,
    kind varchar NOT NULL,
    meaning varchar NOT NULL,
    value double precision NOT NULL,
    CONSTRAINT pk_metric_totals PRIMARY KEY (sample, labels)
)
"""


def upgrade() -> None:
    op.execute(_TABLE)
    op.execute("COMMENT ON TABLE metric_totals IS 'A sample of a Prometheus counter or histogram, of all processes.'")


def downgrade() -> None:
    op.execute("DROP TABLE metric_totals")
