"""Let the code's registry of providers alone say which there are: a new one needs no change of the schema.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_channels_provider"), "channels")
    op.drop_constraint(op.f("ck_webhook_events_source"), "webhook_events")


def downgrade() -> None:
    op.create_check_constraint(op.f("ck_channels_provider"), "channels", "provider IN ('whatsapp_cloud', 'twilio')")
    sources = "source IN ('whatsapp_cloud', 'twilio_inbound', 'twilio_status')"
    op.create_check_constraint(op.f("ck_webhook_events_source"), "webhook_events", sources)
