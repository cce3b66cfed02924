"""initial schema

Revision ID: 0001
Revises: 
Create Date: 2026-11-21 00:01:20.385463
"""
import sqlalchemy as sa
from alembic import op

from core.migrations.security import create_app_role, protect
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "agent_tokens", "agents", "ai_runs", "api_keys", "attachments", "bot_settings", "bots", "channel_flow", "channels",
    "contacts", "conversations", "dead_letters", "deliveries", "delivery_attempts", "identities", "messages", "notices",
    "receipts", "reply_turns",
)


def upgrade() -> None:
    op.create_table('businesses',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('profile', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('timezone', sa.String(), server_default='UTC', nullable=False),
    sa.Column('currency', sa.String(), server_default='USD', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_businesses'))
    )
    op.create_table('webhook_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('content_type', sa.String(), nullable=False),
    sa.Column('query', sa.String(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('processed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("source IN ('whatsapp_cloud', 'twilio_inbound', 'twilio_status')", name=op.f('ck_webhook_events_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_events'))
    )
    op.create_index('ix_webhook_events_pending', 'webhook_events', ['id'], unique=False, postgresql_where=sa.text('processed_at IS NULL'))
    op.create_index('uq_webhook_events_digest', 'webhook_events', ['digest'], unique=True)
    op.create_table('agents',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failed_sign_ins', sa.Integer(), server_default='0', nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("role IN ('agent', 'manager', 'administrator')", name=op.f('ck_agents_role')),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_agents_business_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agents'))
    )
    op.create_index('uq_agents_email', 'agents', [sa.literal_column('lower(email)')], unique=True)
    op.create_table('api_keys',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('prefix', sa.String(), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('scopes', postgresql.ARRAY(sa.TEXT()), nullable=False),
    sa.Column('rate_per_minute', sa.Integer(), server_default='600', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_api_keys_business_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_api_keys_key_hash'))
    )
    op.create_table('audit_log',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_audit_log_business_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_log'))
    )
    op.create_index(op.f('ix_audit_log_business_id'), 'audit_log', ['business_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('bots',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_bots_business_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bots'))
    )
    op.create_table('contacts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.String(), server_default='', nullable=False),
    sa.Column('custom', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('merged_into_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('search', postgresql.TSVECTOR(), sa.Computed("to_tsvector('simple', lower(translate(name, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡', 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')))", persisted=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_contacts_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['merged_into_id'], ['contacts.id'], name=op.f('fk_contacts_merged_into_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contacts'))
    )
    op.create_index(op.f('ix_contacts_business_id_id'), 'contacts', ['business_id', 'id'], unique=False)
    op.create_index('ix_contacts_search', 'contacts', ['search'], unique=False, postgresql_using='gin')
    op.create_table('dead_letters',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=True),
    sa.Column('event_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('raw', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('replayed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_dead_letters_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['event_id'], ['webhook_events.id'], name=op.f('fk_dead_letters_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dead_letters'))
    )
    op.create_index(op.f('ix_dead_letters_event_id'), 'dead_letters', ['event_id'], unique=False)
    op.create_table('agent_tokens',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('agent_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('session', 'link')", name=op.f('ck_agent_tokens_kind')),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_agent_tokens_agent_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_agent_tokens_business_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_tokens')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_agent_tokens_token_hash'))
    )
    op.create_index(op.f('ix_agent_tokens_agent_id'), 'agent_tokens', ['agent_id'], unique=False)
    op.create_table('bot_settings',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('note', sa.String(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_bot_settings_bot_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_bot_settings_business_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bot_settings')),
    sa.UniqueConstraint('bot_id', 'version', name=op.f('uq_bot_settings_bot_id_version'))
    )
    op.create_table('channels',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('bot_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('identity', sa.String(), nullable=False),
    sa.Column('account', sa.String(), server_default='', nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('credentials', sa.LargeBinary(), nullable=False),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('state', sa.String(), server_default='active', nullable=False),
    sa.Column('state_reason', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('whatsapp', 'sms', 'email')", name=op.f('ck_channels_kind')),
    sa.CheckConstraint("provider IN ('whatsapp_cloud', 'twilio')", name=op.f('ck_channels_provider')),
    sa.CheckConstraint("state IN ('active', 'paused', 'disabled')", name=op.f('ck_channels_state')),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_channels_bot_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_channels_business_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channels')),
    sa.UniqueConstraint('provider', 'kind', 'identity', name=op.f('uq_channels_provider_kind_identity'))
    )
    op.create_table('identities',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('lookup_key', sa.String(), nullable=True),
    sa.Column('opted_out_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('marketing_stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('pair_slot_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('whatsapp', 'sms', 'email')", name=op.f('ck_identities_kind')),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_identities_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_identities_contact_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identities')),
    sa.UniqueConstraint('business_id', 'kind', 'address', name=op.f('uq_identities_business_id_kind_address'))
    )
    op.create_index(op.f('ix_identities_business_id_lookup_key'), 'identities', ['business_id', 'lookup_key'], unique=False)
    op.create_index(op.f('ix_identities_contact_id'), 'identities', ['contact_id'], unique=False)
    op.create_table('channel_flow',
    sa.Column('channel_id', sa.BigInteger(), nullable=False),
    sa.Column('next_slot_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('open_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('probe_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_channel_flow_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['channel_id'], ['channels.id'], name=op.f('fk_channel_flow_channel_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('channel_id', name=op.f('pk_channel_flow'))
    )
    op.create_table('conversations',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('channel_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('identity_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('status', sa.String(), server_default='open', nullable=False),
    sa.Column('mode', sa.String(), server_default='bot', nullable=False),
    sa.Column('priority', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('assignee_id', sa.BigInteger(), nullable=True),
    sa.Column('tags', postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('unread_count', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('bot_turns', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('waiting_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('handoff_reason', sa.String(), nullable=True),
    sa.Column('handed_off_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_message_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_message_text', sa.String(), server_default='', nullable=False),
    sa.Column('window_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('csat', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('whatsapp', 'sms', 'email')", name=op.f('ck_conversations_kind')),
    sa.CheckConstraint("mode IN ('bot', 'human')", name=op.f('ck_conversations_mode')),
    sa.CheckConstraint("status IN ('open', 'pending', 'snoozed', 'closed')", name=op.f('ck_conversations_status')),
    sa.CheckConstraint('priority BETWEEN 0 AND 3', name=op.f('ck_conversations_priority')),
    sa.ForeignKeyConstraint(['assignee_id'], ['agents.id'], name=op.f('fk_conversations_assignee_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_conversations_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['channel_id'], ['channels.id'], name=op.f('fk_conversations_channel_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_conversations_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['identity_id'], ['identities.id'], name=op.f('fk_conversations_identity_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversations'))
    )
    op.create_index(op.f('ix_conversations_business_id'), 'conversations', ['business_id', sa.literal_column('last_message_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index(op.f('ix_conversations_business_id_assignee_id_status'), 'conversations', ['business_id', 'assignee_id', 'status', sa.literal_column('last_message_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index(op.f('ix_conversations_business_id_kind'), 'conversations', ['business_id', 'kind', sa.literal_column('last_message_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index(op.f('ix_conversations_business_id_status'), 'conversations', ['business_id', 'status', sa.literal_column('last_message_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index(op.f('ix_conversations_contact_id'), 'conversations', ['contact_id'], unique=False)
    op.create_index(op.f('ix_conversations_waiting_since'), 'conversations', ['waiting_since'], unique=False, postgresql_where=sa.text('waiting_since IS NOT NULL'))
    op.create_index('uq_conversations_open', 'conversations', ['channel_id', 'contact_id'], unique=True, postgresql_where=sa.text("status <> 'closed'"))
    op.create_table('messages',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('conversation_id', sa.BigInteger(), nullable=False),
    sa.Column('channel_id', sa.BigInteger(), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('author_id', sa.BigInteger(), nullable=True),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('text', sa.String(), server_default='', nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('reply_to', sa.String(), nullable=True),
    sa.Column('idempotency_key', sa.String(), nullable=True),
    sa.Column('event_id', sa.BigInteger(), nullable=True),
    sa.Column('error', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('stored_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('search', postgresql.TSVECTOR(), sa.Computed("to_tsvector('spanish', lower(translate(text, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡', 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')))", persisted=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("direction IN ('inbound', 'outbound')", name=op.f('ck_messages_direction')),
    sa.CheckConstraint("sender IN ('customer', 'bot', 'agent', 'system')", name=op.f('ck_messages_sender')),
    sa.CheckConstraint("status IN ('received', 'queued', 'sending', 'sent', 'delivered', 'read', 'played', 'failed', 'uncertain', 'cancelled')", name=op.f('ck_messages_status')),
    sa.ForeignKeyConstraint(['author_id'], ['agents.id'], name=op.f('fk_messages_author_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_messages_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['channel_id'], ['channels.id'], name=op.f('fk_messages_channel_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_messages_conversation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages'))
    )
    op.create_index(op.f('ix_messages_business_id_created_at'), 'messages', ['business_id', 'created_at'], unique=False)
    op.create_index(op.f('ix_messages_conversation_id'), 'messages', ['conversation_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_messages_search', 'messages', ['search'], unique=False, postgresql_using='gin')
    op.create_index('ix_messages_unsettled', 'messages', ['business_id', 'status'], unique=False, postgresql_where=sa.text("status IN ('queued', 'sending', 'failed', 'uncertain')"))
    op.create_index('uq_messages_idempotency_key', 'messages', ['business_id', 'idempotency_key'], unique=True, postgresql_where=sa.text('idempotency_key IS NOT NULL'))
    op.create_index('uq_messages_provider_id', 'messages', ['channel_id', 'provider_id'], unique=True, postgresql_where=sa.text('provider_id IS NOT NULL'))
    op.create_table('notices',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('severity', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('conversation_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("severity IN ('info', 'warning', 'high')", name=op.f('ck_notices_severity')),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_notices_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_notices_conversation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices'))
    )
    op.create_index(op.f('ix_notices_business_id'), 'notices', ['business_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_notices_unsent', 'notices', ['id'], unique=False, postgresql_where=sa.text('sent_at IS NULL'))
    op.create_table('reply_turns',
    sa.Column('conversation_id', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('first_message_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('latest_message_id', sa.BigInteger(), nullable=False),
    sa.Column('lease', sa.Uuid(), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_reply_turns_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_reply_turns_conversation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('conversation_id', name=op.f('pk_reply_turns'))
    )
    op.create_index(op.f('ix_reply_turns_due_at'), 'reply_turns', ['due_at'], unique=False)
    op.create_table('ai_runs',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('conversation_id', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('bot_id', sa.BigInteger(), nullable=True),
    sa.Column('settings_version', sa.BigInteger(), nullable=False),
    sa.Column('prompt_version', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('decided_by', sa.String(), nullable=False),
    sa.Column('model', sa.String(), nullable=True),
    sa.Column('confidence', sa.Double(), nullable=True),
    sa.Column('input_tokens', sa.Integer(), nullable=True),
    sa.Column('cached_tokens', sa.Integer(), nullable=True),
    sa.Column('output_tokens', sa.Integer(), nullable=True),
    sa.Column('cost_usd', sa.Numeric(precision=14, scale=8), nullable=True),
    sa.Column('latency_ms', sa.Integer(), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('trace', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_ai_runs_bot_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_ai_runs_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_ai_runs_conversation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_ai_runs_message_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ai_runs'))
    )
    op.create_index(op.f('ix_ai_runs_business_id_created_at'), 'ai_runs', ['business_id', 'created_at'], unique=False)
    op.create_index(op.f('ix_ai_runs_conversation_id'), 'ai_runs', ['conversation_id'], unique=False)
    op.create_index(op.f('ix_ai_runs_message_id'), 'ai_runs', ['message_id'], unique=False)
    op.create_table('attachments',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('position', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('state', sa.String(), server_default='pending', nullable=False),
    sa.Column('provider_media_id', sa.String(), nullable=True),
    sa.Column('url', sa.String(), nullable=True),
    sa.Column('mime_type', sa.String(), nullable=True),
    sa.Column('filename', sa.String(), nullable=True),
    sa.Column('sha256', sa.String(), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('storage_key', sa.String(), nullable=True),
    sa.Column('attempts', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'stored', 'failed')", name=op.f('ck_attachments_state')),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_attachments_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_attachments_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments')),
    sa.UniqueConstraint('message_id', 'position', name=op.f('uq_attachments_message_id_position'))
    )
    op.create_index(op.f('ix_attachments_next_attempt_at'), 'attachments', ['next_attempt_at'], unique=False, postgresql_where=sa.text('next_attempt_at IS NOT NULL'))
    op.create_table('deliveries',
    sa.Column('message_id', sa.BigInteger(), nullable=False),
    sa.Column('conversation_id', sa.BigInteger(), nullable=False),
    sa.Column('channel_id', sa.BigInteger(), nullable=False),
    sa.Column('identity_id', sa.BigInteger(), nullable=False),
    sa.Column('priority', sa.SmallInteger(), nullable=False),
    sa.Column('attempts', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('scheduled_for', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease', sa.Uuid(), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uncertain_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_deliveries_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['channel_id'], ['channels.id'], name=op.f('fk_deliveries_channel_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_deliveries_conversation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['identity_id'], ['identities.id'], name=op.f('fk_deliveries_identity_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_deliveries_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_deliveries'))
    )
    op.create_index('ix_deliveries_in_progress', 'deliveries', ['conversation_id', 'message_id'], unique=False, postgresql_where=sa.text('next_attempt_at IS NOT NULL OR leased_until IS NOT NULL'))
    op.create_index(op.f('ix_deliveries_leased_until'), 'deliveries', ['leased_until'], unique=False, postgresql_where=sa.text('leased_until IS NOT NULL'))
    op.create_index(op.f('ix_deliveries_priority_next_attempt_at'), 'deliveries', ['priority', 'next_attempt_at'], unique=False, postgresql_where=sa.text('next_attempt_at IS NOT NULL'))
    op.create_table('delivery_attempts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False),
    sa.Column('verdict', sa.String(), nullable=False),
    sa.Column('cause', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('details', sa.String(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("verdict IN ('permanent', 'retryable', 'unknown')", name=op.f('ck_delivery_attempts_verdict')),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_delivery_attempts_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_delivery_attempts_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_attempts'))
    )
    op.create_index(op.f('ix_delivery_attempts_message_id'), 'delivery_attempts', ['message_id'], unique=False)
    op.create_table('receipts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('channel_id', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('provider_id', sa.String(), nullable=False),
    sa.Column('our_id', sa.BigInteger(), nullable=True),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('errors', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False),
    sa.Column('pricing', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('business_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['business_id'], ['businesses.id'], name=op.f('fk_receipts_business_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['channel_id'], ['channels.id'], name=op.f('fk_receipts_channel_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_receipts_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipts')),
    sa.UniqueConstraint('channel_id', 'provider_id', 'status', 'occurred_at', name=op.f('uq_receipts_channel_id_provider_id_status_occurred_at'))
    )
    op.create_index(op.f('ix_receipts_message_id'), 'receipts', ['message_id'], unique=False)
    op.create_index('ix_receipts_unmatched', 'receipts', ['channel_id', 'provider_id'], unique=False, postgresql_where=sa.text('message_id IS NULL'))
    create_app_role()
    protect("businesses", column="id")
    protect("audit_log", append_only=True)
    for table in TENANT_TABLES:
        protect(table)


def downgrade() -> None:
    op.drop_index('ix_receipts_unmatched', table_name='receipts', postgresql_where=sa.text('message_id IS NULL'))
    op.drop_index(op.f('ix_receipts_message_id'), table_name='receipts')
    op.drop_table('receipts')
    op.drop_index(op.f('ix_delivery_attempts_message_id'), table_name='delivery_attempts')
    op.drop_table('delivery_attempts')
    op.drop_index(op.f('ix_deliveries_priority_next_attempt_at'), table_name='deliveries', postgresql_where=sa.text('next_attempt_at IS NOT NULL'))
    op.drop_index(op.f('ix_deliveries_leased_until'), table_name='deliveries', postgresql_where=sa.text('leased_until IS NOT NULL'))
    op.drop_index('ix_deliveries_in_progress', table_name='deliveries', postgresql_where=sa.text('next_attempt_at IS NOT NULL OR leased_until IS NOT NULL'))
    op.drop_table('deliveries')
    op.drop_index(op.f('ix_attachments_next_attempt_at'), table_name='attachments', postgresql_where=sa.text('next_attempt_at IS NOT NULL'))
    op.drop_table('attachments')
    op.drop_index(op.f('ix_ai_runs_message_id'), table_name='ai_runs')
    op.drop_index(op.f('ix_ai_runs_conversation_id'), table_name='ai_runs')
    op.drop_index(op.f('ix_ai_runs_business_id_created_at'), table_name='ai_runs')
    op.drop_table('ai_runs')
    op.drop_index(op.f('ix_reply_turns_due_at'), table_name='reply_turns')
    op.drop_table('reply_turns')
    op.drop_index('ix_notices_unsent', table_name='notices', postgresql_where=sa.text('sent_at IS NULL'))
    op.drop_index(op.f('ix_notices_business_id'), table_name='notices')
    op.drop_table('notices')
    op.drop_index('uq_messages_provider_id', table_name='messages', postgresql_where=sa.text('provider_id IS NOT NULL'))
    op.drop_index('uq_messages_idempotency_key', table_name='messages', postgresql_where=sa.text('idempotency_key IS NOT NULL'))
    op.drop_index('ix_messages_unsettled', table_name='messages', postgresql_where=sa.text("status IN ('queued', 'sending', 'failed', 'uncertain')"))
    op.drop_index('ix_messages_search', table_name='messages', postgresql_using='gin')
    op.drop_index(op.f('ix_messages_conversation_id'), table_name='messages')
    op.drop_index(op.f('ix_messages_business_id_created_at'), table_name='messages')
    op.drop_table('messages')
    op.drop_index('uq_conversations_open', table_name='conversations', postgresql_where=sa.text("status <> 'closed'"))
    op.drop_index(op.f('ix_conversations_waiting_since'), table_name='conversations', postgresql_where=sa.text('waiting_since IS NOT NULL'))
    op.drop_index(op.f('ix_conversations_contact_id'), table_name='conversations')
    op.drop_index(op.f('ix_conversations_business_id_status'), table_name='conversations')
    op.drop_index(op.f('ix_conversations_business_id_kind'), table_name='conversations')
    op.drop_index(op.f('ix_conversations_business_id_assignee_id_status'), table_name='conversations')
    op.drop_index(op.f('ix_conversations_business_id'), table_name='conversations')
    op.drop_table('conversations')
    op.drop_table('channel_flow')
    op.drop_index(op.f('ix_identities_contact_id'), table_name='identities')
    op.drop_index(op.f('ix_identities_business_id_lookup_key'), table_name='identities')
    op.drop_table('identities')
    op.drop_table('channels')
    op.drop_table('bot_settings')
    op.drop_index(op.f('ix_agent_tokens_agent_id'), table_name='agent_tokens')
    op.drop_table('agent_tokens')
    op.drop_index(op.f('ix_dead_letters_event_id'), table_name='dead_letters')
    op.drop_table('dead_letters')
    op.drop_index('ix_contacts_search', table_name='contacts', postgresql_using='gin')
    op.drop_index(op.f('ix_contacts_business_id_id'), table_name='contacts')
    op.drop_table('contacts')
    op.drop_table('bots')
    op.drop_index(op.f('ix_audit_log_business_id'), table_name='audit_log')
    op.drop_table('audit_log')
    op.drop_table('api_keys')
    op.drop_index('uq_agents_email', table_name='agents')
    op.drop_table('agents')
    op.drop_index('uq_webhook_events_digest', table_name='webhook_events')
    op.drop_index('ix_webhook_events_pending', table_name='webhook_events', postgresql_where=sa.text('processed_at IS NULL'))
    op.drop_table('webhook_events')
    op.drop_table('businesses')
