-- The schema of revision 0035. Later revisions change it by migrations; this file stays as it is.
--
-- Every table of a business has business_id and row-level security: bothub_app, the role of business transactions, sees
-- and writes only rows of the business in the setting bothub.business_id (row_level_security_0035.sql).
--
-- ON DELETE: RESTRICT where history hangs (businesses, channels and agents are disabled, never deleted), CASCADE for
-- parts that mean nothing without the whole, SET NULL for references. Each foreign key has an index that begins with
-- its column, except those of parents that are never deleted.

CREATE EXTENSION IF NOT EXISTS vector;

-- The business of the transaction, null in work for all businesses
CREATE FUNCTION current_business() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('bothub.business_id', true), '')::bigint;

-- Businesses and people

CREATE TABLE businesses (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name varchar NOT NULL,
    profile jsonb DEFAULT '{}'::jsonb NOT NULL,
    timezone varchar DEFAULT 'UTC' NOT NULL,
    currency varchar DEFAULT 'USD' NOT NULL,
    catalog_version uuid,
    prices jsonb DEFAULT '{}'::jsonb NOT NULL,
    auto_assign boolean DEFAULT true NOT NULL,
    max_open integer DEFAULT 10 NOT NULL,
    agents_see varchar DEFAULT 'all' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_businesses PRIMARY KEY (id),
    CONSTRAINT ck_businesses_agents_see CHECK (agents_see IN ('all', 'team', 'own')),
    CONSTRAINT ck_businesses_max_open CHECK (max_open BETWEEN 1 AND 500)
);
COMMENT ON TABLE businesses IS
'A tenant. profile holds the public facts: sector, hours, phone, website, tags, satisfaction.

catalog_version changes with the product catalogue, for cache invalidation; null if there never was a product.
prices are the prices it has set (core.bots.price_table). auto_assign and max_open are the rules of
automatic assignment (core.conversations.assignment). agents_see is which conversations agents see
(core.accounts.visibility).';

CREATE TABLE agents (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    name varchar NOT NULL,
    email varchar NOT NULL,
    role varchar NOT NULL,
    password_hash varchar,
    language varchar,
    disabled_at timestamptz,
    failed_sign_ins integer DEFAULT 0 NOT NULL,
    locked_until timestamptz,
    totp bytea,
    notices_read bigint DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_agents PRIMARY KEY (id),
    CONSTRAINT ck_agents_role CHECK (role IN ('agent', 'manager', 'administrator')),
    CONSTRAINT fk_agents_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_agents_email ON agents (lower(email));
COMMENT ON TABLE agents IS
'A user of the console. password_hash is null until they set a password.

notices_read is the id of the latest notification that they have read.';

CREATE TABLE agent_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    agent_id bigint NOT NULL,
    kind varchar NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    user_agent varchar,
    last_seen_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT pk_agent_tokens PRIMARY KEY (id),
    CONSTRAINT ck_agent_tokens_kind CHECK (kind IN ('session', 'link', 'code')),
    CONSTRAINT uq_agent_tokens_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_agent_tokens_agent_id FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE,
    CONSTRAINT fk_agent_tokens_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_agent_tokens_agent_id ON agent_tokens (agent_id);
COMMENT ON TABLE agent_tokens IS
'A session cookie, a one-time link or a pending second factor. Only the hash is stored.';

CREATE TABLE teams (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    name varchar NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_teams PRIMARY KEY (id),
    CONSTRAINT fk_teams_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_teams_name ON teams (business_id, lower(name));
COMMENT ON TABLE teams IS
'A group of agents who share conversations.';

CREATE TABLE team_members (
    business_id bigint DEFAULT current_business() NOT NULL,
    team_id bigint NOT NULL,
    agent_id bigint NOT NULL,
    CONSTRAINT pk_team_members PRIMARY KEY (team_id, agent_id),
    CONSTRAINT fk_team_members_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT fk_team_members_agent_id FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE,
    CONSTRAINT fk_team_members_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_team_members_agent_id ON team_members (agent_id);
COMMENT ON TABLE team_members IS
'Membership of an agent in a team.';

CREATE TABLE api_keys (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    name varchar NOT NULL,
    prefix varchar NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    rate_per_minute integer DEFAULT 600 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT pk_api_keys PRIMARY KEY (id),
    CONSTRAINT uq_api_keys_key_hash UNIQUE (key_hash),
    CONSTRAINT fk_api_keys_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE api_keys IS
'An API key. prefix is shown to identify it; the key itself is shown once.';

CREATE TABLE audit_entries (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    actor varchar NOT NULL,
    action varchar NOT NULL,
    subject varchar NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_audit_entries PRIMARY KEY (id),
    CONSTRAINT fk_audit_entries_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_audit_entries_business_id ON audit_entries (business_id, id DESC);
CREATE INDEX ix_audit_entries_spent ON audit_entries (business_id, created_at) WHERE data ? 'cost_usd';
COMMENT ON TABLE audit_entries IS
'An entry of the audit log. The application''s database role can only insert and read entries.';


-- Bots

CREATE TABLE bots (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    name varchar NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_bots PRIMARY KEY (id),
    CONSTRAINT fk_bots_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE bots IS
'A bot. The latest version in bot_versions applies.';

CREATE TABLE bot_versions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    bot_id bigint NOT NULL,
    version integer NOT NULL,
    data jsonb NOT NULL,
    author varchar NOT NULL,
    note varchar DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_bot_versions PRIMARY KEY (id),
    CONSTRAINT uq_bot_versions_bot_id_version UNIQUE (bot_id, version),
    CONSTRAINT fk_bot_versions_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    CONSTRAINT fk_bot_versions_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE bot_versions IS
'An immutable version of a bot''s settings (core.bots.settings.BotSettings as JSON).';

CREATE TABLE bot_calibrations (
    business_id bigint DEFAULT current_business() NOT NULL,
    bot_id bigint NOT NULL,
    computed_at timestamptz DEFAULT now() NOT NULL,
    points jsonb DEFAULT '[]'::jsonb NOT NULL,
    sample integer DEFAULT 0 NOT NULL,
    CONSTRAINT pk_bot_calibrations PRIMARY KEY (bot_id),
    CONSTRAINT fk_bot_calibrations_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    CONSTRAINT fk_bot_calibrations_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE bot_calibrations IS
'The calibration of a bot (core.bots.calibration.Calibration) and when it was last computed.

points are pairs of claimed and observed confidence, over sample judged answers; both are empty until there
are enough.';


-- Channels

CREATE TABLE channels (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    bot_id bigint,
    team_id bigint,
    kind varchar NOT NULL,
    provider varchar NOT NULL,
    identity varchar NOT NULL,
    account varchar DEFAULT '' NOT NULL,
    name varchar NOT NULL,
    credentials bytea NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    state varchar DEFAULT 'active' NOT NULL,
    state_reason varchar,
    paused_for varchar,
    paused_until timestamptz,
    templates_synced_at timestamptz,
    last_probe_at timestamptz,
    last_probe jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_channels PRIMARY KEY (id),
    CONSTRAINT ck_channels_kind CHECK (kind IN ('whatsapp', 'sms', 'email')),
    CONSTRAINT ck_channels_state CHECK (state IN ('active', 'paused', 'disabled')),
    CONSTRAINT uq_channels_provider_kind_identity UNIQUE (provider, kind, identity),
    CONSTRAINT fk_channels_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE SET NULL,
    CONSTRAINT fk_channels_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE SET NULL,
    CONSTRAINT fk_channels_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_channels_bot_id ON channels (bot_id);
CREATE INDEX ix_channels_team_id ON channels (team_id);
COMMENT ON TABLE channels IS
'One address of ours at one provider (core.channels.registry). identity is the provider''s name of it.

Hand-offs go to the team team_id, if set. paused_for is "account" if an account event paused it: it resumes
at paused_until, if the provider gave a time, or on the event that lifts the restriction. last_probe is the
result of the last probe, at last_probe_at (core.channels.provider.ProbeResult as JSON).';

CREATE TABLE channel_limits (
    business_id bigint DEFAULT current_business() NOT NULL,
    channel_id bigint NOT NULL,
    next_slot_at timestamptz,
    failures integer DEFAULT 0 NOT NULL,
    open_until timestamptz,
    probe_until timestamptz,
    answers_only_until timestamptz,
    CONSTRAINT pk_channel_limits PRIMARY KEY (channel_id),
    CONSTRAINT fk_channel_limits_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    CONSTRAINT fk_channel_limits_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE channel_limits IS
'Rate limit and circuit breaker of a channel, in a table of its own because every send updates it.

next_slot_at is the theoretical arrival time of the next message (generic cell rate algorithm). While
open_until is in the future nothing is claimed; after it, the worker that moves probe_until sends one probe.
Until answers_only_until only answers within an open window are claimed.';

CREATE TABLE message_templates (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    account varchar NOT NULL,
    name varchar NOT NULL,
    language varchar NOT NULL,
    category varchar NOT NULL,
    status varchar NOT NULL,
    quality varchar NOT NULL,
    rejected_reason varchar NOT NULL,
    components jsonb NOT NULL,
    reported_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_message_templates PRIMARY KEY (id),
    CONSTRAINT uq_message_templates_business_id_account_name_language UNIQUE (business_id, account, name, language),
    CONSTRAINT fk_message_templates_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE message_templates IS
'A template. account is the WABA id, or Twilio''s account SID.

components is Meta''s complete definition; Twilio''s content templates are converted to the same form.';


-- Contacts

CREATE TABLE contacts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    name varchar DEFAULT '' NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    merged_into_id bigint,
    created_at timestamptz DEFAULT now() NOT NULL,
    search tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', lower(translate(name,
            'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡',
            'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')))
    ) STORED,
    CONSTRAINT pk_contacts PRIMARY KEY (id),
    CONSTRAINT fk_contacts_merged_into_id FOREIGN KEY(merged_into_id) REFERENCES contacts (id) ON DELETE SET NULL,
    CONSTRAINT fk_contacts_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_contacts_business_id_id ON contacts (business_id, id);
CREATE INDEX ix_contacts_merged_into_id ON contacts (merged_into_id);
CREATE INDEX ix_contacts_search ON contacts USING gin (search);
COMMENT ON TABLE contacts IS
'A customer. merged_into_id is set if the contact was merged into another one.';

CREATE TABLE contact_identities (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    contact_id bigint NOT NULL,
    kind varchar NOT NULL,
    address varchar NOT NULL,
    lookup_key varchar,
    username varchar,
    account varchar,
    ended_at timestamptz,
    opted_out_at timestamptz,
    marketing_stopped_at timestamptz,
    pair_slot_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_contact_identities PRIMARY KEY (id),
    CONSTRAINT ck_contact_identities_kind CHECK (kind IN ('whatsapp', 'sms', 'email')),
    CONSTRAINT fk_contact_identities_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    CONSTRAINT fk_contact_identities_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_contact_identities_address ON contact_identities (business_id, address);
CREATE INDEX ix_contact_identities_business_id_lookup_key ON contact_identities (business_id, lookup_key);
CREATE INDEX ix_contact_identities_contact_id ON contact_identities (contact_id);
CREATE INDEX ix_contact_identities_username ON contact_identities (lower(username)) WHERE username IS NOT NULL;
CREATE UNIQUE INDEX uq_contact_identities_live ON contact_identities (business_id, kind, address)
    WHERE ended_at IS NULL;
COMMENT ON TABLE contact_identities IS
'An address of a contact, verbatim as the provider writes it (wa_id, BSUID or +number).

lookup_key is a normalized phone number, used only for search. username is chosen by the customer at the
provider and may change. ended_at is when the address stopped belonging to the contact (the number changed
owner): from then on it is not used to find or message them, and another contact may have it. account is our
provider account in which a user id is valid: a customer has a different one in each. pair_slot_at is the
theoretical arrival time of the rate limit per address.';

CREATE TABLE contact_merges (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    kept_id bigint NOT NULL,
    merged_id bigint NOT NULL,
    undo_data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    undone_at timestamptz,
    CONSTRAINT pk_contact_merges PRIMARY KEY (id),
    CONSTRAINT fk_contact_merges_kept_id FOREIGN KEY(kept_id) REFERENCES contacts (id) ON DELETE CASCADE,
    CONSTRAINT fk_contact_merges_merged_id FOREIGN KEY(merged_id) REFERENCES contacts (id) ON DELETE CASCADE,
    CONSTRAINT fk_contact_merges_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_contact_merges_kept_id ON contact_merges (kept_id);
CREATE INDEX ix_contact_merges_merged_id ON contact_merges (merged_id);
COMMENT ON TABLE contact_merges IS
'A merge of two contacts. undo_data is what undoing it needs: ids and previous values.';


-- Conversations and messages

CREATE TABLE conversations (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    channel_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    identity_id bigint NOT NULL,
    kind varchar NOT NULL,
    status varchar DEFAULT 'open' NOT NULL,
    mode varchar DEFAULT 'bot' NOT NULL,
    priority smallint DEFAULT 0 NOT NULL,
    assignee_id bigint,
    team_id bigint,
    tags text[] DEFAULT '{}' NOT NULL,
    unread_count integer DEFAULT 0 NOT NULL,
    bot_turns integer DEFAULT 0 NOT NULL,
    waiting_since timestamptz,
    handoff_reason varchar,
    handed_off_at timestamptz,
    last_message_at timestamptz DEFAULT now() NOT NULL,
    last_message_text varchar DEFAULT '' NOT NULL,
    window_expires_at timestamptz,
    snoozed_until timestamptz,
    asked_id bigint,
    unsent_id bigint,
    unsent_at timestamptz,
    csat smallint,
    csat_requested_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    closed_at timestamptz,
    imported boolean DEFAULT false NOT NULL,
    CONSTRAINT pk_conversations PRIMARY KEY (id),
    CONSTRAINT ck_conversations_kind CHECK (kind IN ('whatsapp', 'sms', 'email')),
    CONSTRAINT ck_conversations_status CHECK (status IN ('open', 'pending', 'snoozed', 'closed')),
    CONSTRAINT ck_conversations_mode CHECK (mode IN ('bot', 'human')),
    CONSTRAINT ck_conversations_priority CHECK (priority BETWEEN 0 AND 3),
    CONSTRAINT ck_conversations_csat CHECK (csat BETWEEN 1 AND 5),
    CONSTRAINT fk_conversations_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE RESTRICT,
    CONSTRAINT fk_conversations_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    CONSTRAINT fk_conversations_identity_id
        FOREIGN KEY(identity_id) REFERENCES contact_identities (id) ON DELETE CASCADE,
    CONSTRAINT fk_conversations_assignee_id FOREIGN KEY(assignee_id) REFERENCES agents (id) ON DELETE RESTRICT,
    CONSTRAINT fk_conversations_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE SET NULL,
    CONSTRAINT fk_conversations_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_conversations_business_id ON conversations (business_id, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_business_id_assignee_id_status ON conversations
    (business_id, assignee_id, status, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_business_id_closed_at ON conversations (business_id, closed_at)
    WHERE closed_at IS NOT NULL;
CREATE INDEX ix_conversations_business_id_created_at ON conversations (business_id, created_at);
CREATE INDEX ix_conversations_business_id_kind ON conversations (business_id, kind, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_business_id_status ON conversations
    (business_id, status, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_contact_id ON conversations (contact_id);
CREATE INDEX ix_conversations_identity_id ON conversations (identity_id);
CREATE INDEX ix_conversations_snoozed_until ON conversations (snoozed_until) WHERE status = 'snoozed';
CREATE INDEX ix_conversations_team ON conversations (team_id, last_message_at DESC, id DESC)
    WHERE team_id IS NOT NULL;
CREATE INDEX ix_conversations_waiting_since ON conversations (waiting_since) WHERE waiting_since IS NOT NULL;
CREATE UNIQUE INDEX uq_conversations_open ON conversations (channel_id, contact_id) WHERE status <> 'closed';
COMMENT ON TABLE conversations IS
'The messages of one customer and the business on one channel, until it is closed.

waiting_since is the time of the oldest unanswered customer message: an answer counts once it is sent, and
only for earlier messages (asked_id is the latest message that needs an answer). unsent_id is an outbound
message that failed or is uncertain, since unsent_at. No customer message is later than last_message_at.
window_expires_at is 24 hours after the customer''s last message, null without one or on channels without a
window (SMS, email). imported: history from before the number was connected
(core.messaging.inbound.history), excluded from reports.';

CREATE TABLE pending_replies (
    business_id bigint DEFAULT current_business() NOT NULL,
    conversation_id bigint NOT NULL,
    due_at timestamptz NOT NULL,
    first_message_at timestamptz DEFAULT now() NOT NULL,
    latest_message_id bigint NOT NULL,
    lease uuid,
    leased_until timestamptz,
    attempts integer DEFAULT 0 NOT NULL,
    CONSTRAINT pk_pending_replies PRIMARY KEY (conversation_id),
    CONSTRAINT fk_pending_replies_conversation_id
        FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_pending_replies_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_pending_replies_due_at ON pending_replies (due_at);
COMMENT ON TABLE pending_replies IS
'A pending reply of the bot, due at due_at.

The row exists while a reply is pending. A claim writes a new lease token until leased_until; completing
deletes the row only if the token and latest_message_id are unchanged, so that a lost lease, a newer message
and a person taking over all discard the stale reply.';

-- Context of a message beside its text, for search: advertisement, product, file name, option description
CREATE FUNCTION words_about(payload jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('pg_catalog.spanish', regexp_replace(lower(translate(
        coalesce(payload #>> '{referral,headline}', '') || ' '
        || coalesce(payload #>> '{referral,body}', '') || ' '
        || coalesce(payload #>> '{context,referred_product,product_retailer_id}', '') || ' '
        || coalesce((payload ->> 'filename') || ' ' || translate(payload ->> 'filename', '-_.', '   '), '') || ' '
        || coalesce(payload #>> '{list_reply,description}', ''),
        'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡',
        'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'
    )), '([au])cion\M', '\1ción', 'g'));

CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    conversation_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    direction varchar NOT NULL,
    sender varchar NOT NULL,
    author_id bigint,
    type varchar NOT NULL,
    text varchar DEFAULT '' NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    status varchar NOT NULL,
    provider_id varchar,
    reply_to varchar,
    idempotency_key varchar,
    event_id bigint,
    error jsonb,
    created_at timestamptz DEFAULT now() NOT NULL,
    stored_at timestamptz DEFAULT now() NOT NULL,
    sent_at timestamptz,
    search tsvector GENERATED ALWAYS AS (
        to_tsvector('spanish', regexp_replace(lower(translate(text,
            'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡',
            'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')), '([au])cion\M', '\1ción', 'g'))
    ) STORED,
    CONSTRAINT pk_messages PRIMARY KEY (id),
    CONSTRAINT ck_messages_direction CHECK (direction IN ('inbound', 'outbound')),
    CONSTRAINT ck_messages_sender CHECK (sender IN ('customer', 'bot', 'agent', 'system')),
    CONSTRAINT ck_messages_status
        CHECK (status IN ('received', 'queued', 'sending', 'sent', 'delivered', 'read', 'played', 'failed',
            'uncertain', 'cancelled')),
    CONSTRAINT fk_messages_conversation_id
        FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_messages_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE RESTRICT,
    CONSTRAINT fk_messages_author_id FOREIGN KEY(author_id) REFERENCES agents (id) ON DELETE RESTRICT,
    CONSTRAINT fk_messages_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_messages_about ON messages USING gin (words_about(payload))
    WHERE payload ?| '{referral,context,filename,list_reply}';
CREATE INDEX ix_messages_business_id_created_at ON messages (business_id, created_at);
CREATE INDEX ix_messages_changes ON messages (channel_id, reply_to) WHERE type IN ('edit', 'revoke');
CREATE INDEX ix_messages_conversation_id ON messages (conversation_id, created_at DESC, id DESC);
CREATE INDEX ix_messages_search ON messages USING gin (search);
CREATE INDEX ix_messages_unsettled ON messages (business_id, status)
    WHERE status IN ('queued', 'sending', 'failed', 'uncertain');
CREATE UNIQUE INDEX uq_messages_idempotency_key ON messages (business_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX uq_messages_provider_id ON messages (channel_id, provider_id) WHERE provider_id IS NOT NULL;
COMMENT ON TABLE messages IS
'One message. created_at is the provider''s time; the thread is ordered by it, then by arrival (id).

Provider times are in whole seconds, and so is created_at of our own messages: within a second, arrival
decides. stored_at and sent_at are exact.

reply_to is the provider''s id of the message that this one replies to, edits or revokes.

error of a failed message has code, cause, advice, title and details.';

CREATE TABLE attachments (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    message_id bigint,
    author_id bigint,
    position smallint DEFAULT 0 NOT NULL,
    state varchar DEFAULT 'pending' NOT NULL,
    provider_media_id varchar,
    url varchar,
    mime_type varchar,
    filename varchar,
    sha256 varchar,
    size bigint,
    storage_key varchar,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamptz,
    failure varchar,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_attachments PRIMARY KEY (id),
    CONSTRAINT ck_attachments_state CHECK (state IN ('pending', 'stored', 'failed')),
    CONSTRAINT uq_attachments_message_id_position UNIQUE (message_id, position),
    CONSTRAINT fk_attachments_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT fk_attachments_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_attachments_next_attempt_at ON attachments (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
COMMENT ON TABLE attachments IS
'A file of a message. While next_attempt_at is set, it still has to be downloaded from the provider.

author_id is the agent who uploaded it in the console.';

CREATE TABLE provider_files (
    business_id bigint DEFAULT current_business() NOT NULL,
    channel_id bigint NOT NULL,
    attachment_id bigint NOT NULL,
    handle varchar NOT NULL,
    good_until timestamptz NOT NULL,
    CONSTRAINT pk_provider_files PRIMARY KEY (channel_id, attachment_id),
    CONSTRAINT fk_provider_files_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    CONSTRAINT fk_provider_files_attachment_id
        FOREIGN KEY(attachment_id) REFERENCES attachments (id) ON DELETE CASCADE,
    CONSTRAINT fk_provider_files_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_provider_files_attachment_id ON provider_files (attachment_id);
COMMENT ON TABLE provider_files IS
'A stored file uploaded to a provider for one channel; handle is its id there, valid until good_until.';

CREATE TABLE canned_responses (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    shortcut varchar NOT NULL,
    text varchar NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_canned_responses PRIMARY KEY (id),
    CONSTRAINT uq_canned_responses_business_id_shortcut UNIQUE (business_id, shortcut),
    CONSTRAINT fk_canned_responses_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE canned_responses IS
'A text that the composer inserts for /shortcut. It may contain variables such as {{contact.name}}.';


-- Outbox

CREATE TABLE deliveries (
    business_id bigint DEFAULT current_business() NOT NULL,
    message_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    identity_id bigint NOT NULL,
    priority smallint NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    scheduled_for timestamptz,
    next_attempt_at timestamptz,
    lease uuid,
    leased_until timestamptz,
    uncertain_since timestamptz,
    answers boolean DEFAULT false NOT NULL,
    CONSTRAINT pk_deliveries PRIMARY KEY (message_id),
    CONSTRAINT fk_deliveries_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT fk_deliveries_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_deliveries_in_progress ON deliveries (conversation_id, message_id)
    WHERE next_attempt_at IS NOT NULL OR leased_until IS NOT NULL;
CREATE INDEX ix_deliveries_leased_until ON deliveries (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX ix_deliveries_priority_next_attempt_at ON deliveries (priority, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;
COMMENT ON TABLE deliveries IS
'The outbox: the delivery of an outbound message. The message''s status is authoritative.

next_attempt_at is set exactly while the message is queued. lease and leased_until are set exactly while a
worker is sending it; if the lease expires, it is unknown whether the provider accepted the message. Messages of
a conversation are sent in order, but one scheduled_for later does not block the others. Once sent, a message
that answers ends the customer''s wait. uncertain_since is reset to null once agents are notified.

Conversation, channel and identity are copies, so that claiming reads one table: the row lives with its message.';

CREATE TABLE delivery_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    message_id bigint NOT NULL,
    number smallint NOT NULL,
    verdict varchar NOT NULL,
    cause varchar NOT NULL,
    code varchar NOT NULL,
    title varchar NOT NULL,
    details varchar DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_delivery_attempts PRIMARY KEY (id),
    CONSTRAINT ck_delivery_attempts_verdict CHECK (verdict IN ('permanent', 'retryable', 'unknown')),
    CONSTRAINT fk_delivery_attempts_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT fk_delivery_attempts_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_delivery_attempts_message_id ON delivery_attempts (message_id);
COMMENT ON TABLE delivery_attempts IS
'A send attempt that did not succeed at once; successful ones are not recorded.';

CREATE TABLE delivery_receipts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    channel_id bigint NOT NULL,
    message_id bigint,
    provider_id varchar NOT NULL,
    our_id bigint,
    status varchar NOT NULL,
    occurred_at timestamptz NOT NULL,
    errors jsonb DEFAULT '[]'::jsonb NOT NULL,
    pricing jsonb DEFAULT '{}'::jsonb NOT NULL,
    received_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_delivery_receipts PRIMARY KEY (id),
    CONSTRAINT uq_delivery_receipts_channel_id_provider_id_status_occurred_at
        UNIQUE (channel_id, provider_id, status, occurred_at),
    CONSTRAINT fk_delivery_receipts_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_receipts_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT fk_delivery_receipts_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_delivery_receipts_message_id ON delivery_receipts (message_id);
CREATE INDEX ix_delivery_receipts_unmatched ON delivery_receipts (channel_id, provider_id) WHERE message_id IS NULL;
COMMENT ON TABLE delivery_receipts IS
'A delivery receipt of the provider. All are stored; message_id is null until it is matched to a message.';


-- Inbound webhooks

CREATE TABLE webhook_events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    source varchar NOT NULL,
    digest bytea NOT NULL,
    content_type varchar NOT NULL,
    query varchar NOT NULL,
    body bytea NOT NULL,
    received_at timestamptz DEFAULT now() NOT NULL,
    processed_at timestamptz,
    attempts smallint DEFAULT 0 NOT NULL,
    signed_by bigint[],
    CONSTRAINT pk_webhook_events PRIMARY KEY (id)
);
CREATE INDEX ix_webhook_events_pending ON webhook_events (id) WHERE processed_at IS NULL;
CREATE UNIQUE INDEX uq_webhook_events_digest ON webhook_events (digest);
COMMENT ON TABLE webhook_events IS
'A verified request body, stored before the response 200. source determines its parser.

digest covers source, query, signers and body.

The body is bytea: jsonb rejects \u0000 and text rejects NUL, and both occur. attempts counts processing
attempts that did not complete. signed_by are the channels whose secret signed it, 0 for the secret of the
settings; null for events from before the column existed.';

CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint,
    event_id bigint NOT NULL,
    reason varchar NOT NULL,
    raw jsonb,
    created_at timestamptz DEFAULT now() NOT NULL,
    replayed_at timestamptz,
    CONSTRAINT pk_dead_letters PRIMARY KEY (id),
    CONSTRAINT fk_dead_letters_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT,
    CONSTRAINT fk_dead_letters_event_id FOREIGN KEY(event_id) REFERENCES webhook_events (id) ON DELETE CASCADE
);
CREATE INDEX ix_dead_letters_event_id ON dead_letters (event_id);
COMMENT ON TABLE dead_letters IS
'An item of an event that could not be processed, with the reason. The event''s other items were processed.';


-- Runs of the bot, and their evaluation

CREATE TABLE ai_runs (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    conversation_id bigint NOT NULL,
    message_id bigint,
    bot_id bigint,
    settings_version integer NOT NULL,
    prompt_version varchar NOT NULL,
    outcome varchar NOT NULL,
    decided_by varchar NOT NULL,
    model varchar,
    confidence double precision,
    input_tokens integer,
    cached_tokens integer,
    output_tokens integer,
    cost_usd numeric(14, 8),
    latency_ms integer,
    error varchar,
    trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_ai_runs PRIMARY KEY (id),
    CONSTRAINT fk_ai_runs_conversation_id
        FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_ai_runs_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE SET NULL,
    CONSTRAINT fk_ai_runs_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE SET NULL,
    CONSTRAINT fk_ai_runs_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_ai_runs_bot_id ON ai_runs (bot_id);
CREATE INDEX ix_ai_runs_business_id_created_at ON ai_runs (business_id, created_at);
CREATE INDEX ix_ai_runs_conversation_id ON ai_runs (conversation_id);
CREATE INDEX ix_ai_runs_message_id ON ai_runs (message_id);
COMMENT ON TABLE ai_runs IS
'One run of the bot. cost_usd is null if the model''s price is unknown, which differs from free.

confidence is the value compared with the threshold; raw in trace is the value before calibration.

message_id is the message sent, null if none was (a silent hand-off, or a stale answer).';

CREATE TABLE answer_outcomes (
    business_id bigint DEFAULT current_business() NOT NULL,
    run_id bigint NOT NULL,
    bot_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    at timestamptz NOT NULL,
    verdict varchar NOT NULL,
    cause varchar NOT NULL,
    confidence double precision,
    topics text[] DEFAULT '{}' NOT NULL,
    sources text[] DEFAULT '{}' NOT NULL,
    judged_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_answer_outcomes PRIMARY KEY (run_id),
    CONSTRAINT ck_answer_outcomes_verdict CHECK (verdict IN ('good', 'bad', 'unknown', 'handed_over')),
    CONSTRAINT fk_answer_outcomes_run_id FOREIGN KEY(run_id) REFERENCES ai_runs (id) ON DELETE CASCADE,
    CONSTRAINT fk_answer_outcomes_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    CONSTRAINT fk_answer_outcomes_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_answer_outcomes_bot_id_at ON answer_outcomes (bot_id, at);
CREATE INDEX ix_answer_outcomes_business_id_at ON answer_outcomes (business_id, at);
COMMENT ON TABLE answer_outcomes IS
'The outcome of one run (core.evaluation.outcomes defines how it is judged).

confidence is the value before calibration. topics and sources (titles of what it cited) are copied from
the run so that counting them reads no trace. cause is the reason; for a hand-off, what triggered it.';

CREATE TABLE suggestions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    bot_id bigint NOT NULL,
    question varchar NOT NULL,
    language varchar NOT NULL,
    answer varchar DEFAULT '' NOT NULL,
    drafted_by varchar DEFAULT '' NOT NULL,
    state varchar DEFAULT 'open' NOT NULL,
    snoozed_until timestamptz,
    first_asked_at timestamptz NOT NULL,
    last_asked_at timestamptz NOT NULL,
    decided_by varchar,
    decided_at timestamptz,
    settings_version bigint,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_suggestions PRIMARY KEY (id),
    CONSTRAINT ck_suggestions_state CHECK (state IN ('open', 'accepted', 'dismissed')),
    CONSTRAINT fk_suggestions_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    CONSTRAINT fk_suggestions_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_suggestions_bot_id_state ON suggestions (bot_id, state, last_asked_at DESC);
COMMENT ON TABLE suggestions IS
'An unanswered question with a drafted answer to approve.

question and answer have personal data masked. drafted_by is "team" (from an agent''s answer) or "model",
empty without an answer. A snoozed suggestion reopens at snoozed_until. settings_version is the version of
the bot''s settings that an accepted one was added in.';

CREATE TABLE asked_questions (
    business_id bigint DEFAULT current_business() NOT NULL,
    run_id bigint NOT NULL,
    suggestion_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    text varchar NOT NULL,
    answer varchar DEFAULT '' NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT pk_asked_questions PRIMARY KEY (run_id),
    CONSTRAINT fk_asked_questions_run_id FOREIGN KEY(run_id) REFERENCES ai_runs (id) ON DELETE CASCADE,
    CONSTRAINT fk_asked_questions_suggestion_id
        FOREIGN KEY(suggestion_id) REFERENCES suggestions (id) ON DELETE CASCADE,
    CONSTRAINT fk_asked_questions_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_asked_questions_suggestion_id ON asked_questions (suggestion_id);
COMMENT ON TABLE asked_questions IS
'One occurrence of a suggestion''s question: the run that could not answer it.

answer is an agent''s answer in that conversation, empty if there is none.';

CREATE TABLE test_cases (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    bot_id bigint NOT NULL,
    conversation_id bigint,
    name varchar NOT NULL,
    turns jsonb NOT NULL,
    expected jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_by varchar NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_test_cases PRIMARY KEY (id),
    CONSTRAINT fk_test_cases_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    CONSTRAINT fk_test_cases_conversation_id
        FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_test_cases_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_test_cases_bot_id ON test_cases (bot_id);
CREATE INDEX ix_test_cases_conversation_id ON test_cases (conversation_id);
COMMENT ON TABLE test_cases IS
'A test case: messages, and what a good answer must and must not do.

turns are the messages. A case created from a conversation is deleted with it when customer data is erased.';

CREATE TABLE replays (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    bot_id bigint NOT NULL,
    base_version integer NOT NULL,
    settings jsonb NOT NULL,
    source varchar NOT NULL,
    spend_limit numeric(10, 4),
    spent numeric(14, 8) DEFAULT 0 NOT NULL,
    ended varchar,
    created_by varchar NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_replays PRIMARY KEY (id),
    CONSTRAINT ck_replays_source CHECK (source IN ('conversations', 'cases')),
    CONSTRAINT fk_replays_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    CONSTRAINT fk_replays_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_replays_bot_id_id ON replays (bot_id, id);
COMMENT ON TABLE replays IS
'A replay that compares settings with those of base_version.

spend_limit is in USD, null if a price is unknown: then the number of items is the only limit. spent is the
sum of the calls'' costs, with the maximum cost of a call if the server did not report it. ended is why it
ended early: "spend" (its own limit), "budget" (the bot''s), or null.';

CREATE TABLE replay_items (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    replay_id bigint NOT NULL,
    position integer NOT NULL,
    conversation_id bigint,
    case_id bigint,
    name varchar NOT NULL,
    turns jsonb NOT NULL,
    replies_in_a_row integer DEFAULT 0 NOT NULL,
    expected jsonb DEFAULT '{}'::jsonb NOT NULL,
    before jsonb,
    after jsonb,
    done_at timestamptz,
    CONSTRAINT pk_replay_items PRIMARY KEY (id),
    CONSTRAINT uq_replay_items_replay_id_position UNIQUE (replay_id, position),
    CONSTRAINT fk_replay_items_replay_id FOREIGN KEY(replay_id) REFERENCES replays (id) ON DELETE CASCADE,
    CONSTRAINT fk_replay_items_conversation_id
        FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_replay_items_case_id FOREIGN KEY(case_id) REFERENCES test_cases (id) ON DELETE SET NULL,
    CONSTRAINT fk_replay_items_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_replay_items_case_id ON replay_items (case_id);
CREATE INDEX ix_replay_items_conversation_id ON replay_items (conversation_id);
COMMENT ON TABLE replay_items IS
'One question of a replay, copied at its start. before and after are the results of the two settings.';


-- Knowledge base

CREATE TABLE knowledge_sources (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    bot_id bigint,
    kind varchar NOT NULL,
    title varchar NOT NULL,
    origin varchar DEFAULT '' NOT NULL,
    content_hash varchar,
    bytes bigint,
    file_key varchar,
    state varchar DEFAULT 'waiting' NOT NULL,
    fault varchar,
    pieces_done integer DEFAULT 0 NOT NULL,
    pieces_total integer DEFAULT 0 NOT NULL,
    chunks integer DEFAULT 0 NOT NULL,
    revision bigint,
    model varchar,
    created_by varchar NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    read_at timestamptz,
    CONSTRAINT pk_knowledge_sources PRIMARY KEY (id),
    CONSTRAINT ck_knowledge_sources_kind
        CHECK (kind IN ('text', 'markdown', 'pdf', 'docx', 'table', 'html', 'page')),
    CONSTRAINT ck_knowledge_sources_state
        CHECK (state IN ('waiting', 'reading', 'embedding', 'ready', 'failed', 'cancelled')),
    CONSTRAINT fk_knowledge_sources_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    CONSTRAINT fk_knowledge_sources_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_knowledge_sources_bot_id ON knowledge_sources (bot_id);
CREATE INDEX ix_knowledge_sources_business_id_bot_id ON knowledge_sources (business_id, bot_id);
CREATE UNIQUE INDEX uq_knowledge_sources_content ON knowledge_sources (business_id, bot_id, content_hash)
    NULLS NOT DISTINCT
    WHERE kind <> 'page' AND content_hash IS NOT NULL;
CREATE UNIQUE INDEX uq_knowledge_sources_page ON knowledge_sources (business_id, bot_id, origin)
    NULLS NOT DISTINCT
    WHERE kind = 'page';
COMMENT ON TABLE knowledge_sources IS
'A document, web page or text. bot_id is null if every bot of the business may use it.

revision is the revision used by search; null until the first one is complete. Processing writes a new
revision, which replaces the old one when it is complete. (No foreign key: it would be circular.) model is the
embedding model whose vectors cover that revision; null without vectors, then only full-text search finds it.

file_key is the storage key of the upload; origin the file name or the page''s URL. fault is a code.';

CREATE TABLE knowledge_revisions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    source_id bigint NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_knowledge_revisions PRIMARY KEY (id),
    CONSTRAINT fk_knowledge_revisions_source_id
        FOREIGN KEY(source_id) REFERENCES knowledge_sources (id) ON DELETE CASCADE,
    CONSTRAINT fk_knowledge_revisions_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_knowledge_revisions_source_id ON knowledge_revisions (source_id);
COMMENT ON TABLE knowledge_revisions IS
'A revision of a source. Deleting an abandoned or outdated one deletes its chunks.';

CREATE TABLE knowledge_chunks (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    source_id bigint NOT NULL,
    revision bigint NOT NULL,
    position integer NOT NULL,
    heading varchar DEFAULT '' NOT NULL,
    text varchar NOT NULL,
    tokens integer NOT NULL,
    content_hash varchar NOT NULL,
    search tsvector GENERATED ALWAYS AS (
        to_tsvector('spanish', regexp_replace(regexp_replace(lower(translate(heading || ' ' || text,
            'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡',
            'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')),
            '[!-/:-@\[-`{-~]+', ' ', 'g'), '([au])cion\M', '\1ción', 'g'))
        || to_tsvector('english', regexp_replace(lower(translate(heading || ' ' || text,
            'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡',
            'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')),
            '[!-/:-@\[-`{-~]+', ' ', 'g'))
        || to_tsvector('portuguese', regexp_replace(regexp_replace(regexp_replace(
            lower(translate(heading || ' ' || text,
            'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡',
            'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')),
            '[!-/:-@\[-`{-~]+', ' ', 'g'), 'cao\M', 'ção', 'g'), 'coes\M', 'ções', 'g'))
    ) STORED,
    CONSTRAINT pk_knowledge_chunks PRIMARY KEY (id),
    CONSTRAINT fk_knowledge_chunks_source_id
        FOREIGN KEY(source_id) REFERENCES knowledge_sources (id) ON DELETE CASCADE,
    CONSTRAINT fk_knowledge_chunks_revision
        FOREIGN KEY(revision) REFERENCES knowledge_revisions (id) ON DELETE CASCADE,
    CONSTRAINT fk_knowledge_chunks_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX ix_knowledge_chunks_revision_position ON knowledge_chunks (revision, position);
CREATE INDEX ix_knowledge_chunks_search ON knowledge_chunks USING gin (search);
CREATE INDEX ix_knowledge_chunks_source_id ON knowledge_chunks (source_id);
COMMENT ON TABLE knowledge_chunks IS
'A passage of a source. tokens is an estimate; content_hash covers heading and text.';

CREATE TABLE knowledge_vectors (
    business_id bigint DEFAULT current_business() NOT NULL,
    chunk_id bigint NOT NULL,
    model varchar NOT NULL,
    revision bigint NOT NULL,
    dimensions smallint NOT NULL,
    embedding halfvec NOT NULL,
    CONSTRAINT pk_knowledge_vectors PRIMARY KEY (chunk_id, model),
    CONSTRAINT fk_knowledge_vectors_chunk_id
        FOREIGN KEY(chunk_id) REFERENCES knowledge_chunks (id) ON DELETE CASCADE,
    CONSTRAINT fk_knowledge_vectors_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_knowledge_vectors_1024 ON knowledge_vectors USING hnsw ((embedding::halfvec(1024)) halfvec_cosine_ops)
    WHERE dimensions = 1024;
CREATE INDEX ix_knowledge_vectors_1536 ON knowledge_vectors USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops)
    WHERE dimensions = 1536;
CREATE INDEX ix_knowledge_vectors_256 ON knowledge_vectors USING hnsw ((embedding::halfvec(256)) halfvec_cosine_ops)
    WHERE dimensions = 256;
CREATE INDEX ix_knowledge_vectors_3072 ON knowledge_vectors USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops)
    WHERE dimensions = 3072;
CREATE INDEX ix_knowledge_vectors_384 ON knowledge_vectors USING hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)
    WHERE dimensions = 384;
CREATE INDEX ix_knowledge_vectors_768 ON knowledge_vectors USING hnsw ((embedding::halfvec(768)) halfvec_cosine_ops)
    WHERE dimensions = 768;
CREATE INDEX ix_knowledge_vectors_revision_model ON knowledge_vectors (revision, model);
COMMENT ON TABLE knowledge_vectors IS
'The normalized embedding of a chunk by one model. revision is the chunk''s.

Half precision halves the memory and changes the order of neighbours only for near ties.';


-- Products and quotes

CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    sku varchar DEFAULT '' NOT NULL,
    name varchar NOT NULL,
    description varchar DEFAULT '' NOT NULL,
    unit varchar DEFAULT '' NOT NULL,
    price numeric(14, 4) NOT NULL,
    currency varchar DEFAULT '' NOT NULL,
    aliases text[] DEFAULT '{}' NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_products PRIMARY KEY (id),
    CONSTRAINT ck_products_price CHECK (price >= 0),
    CONSTRAINT fk_products_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_products_name ON products (business_id, name) WHERE sku = '';
CREATE UNIQUE INDEX uq_products_sku ON products (business_id, sku) WHERE sku <> '';
COMMENT ON TABLE products IS
'A product, identified by its sku or, without one, by its name.

price is per unit (kg, metro, caja; empty: piece). currency is an ISO 4217 code; empty: the business''s.
aliases are other names that customers use. Products that are not active are neither offered nor quoted.';

CREATE TABLE quotes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    conversation_id bigint NOT NULL,
    bot_id bigint,
    state varchar NOT NULL,
    language varchar NOT NULL,
    currency varchar,
    total numeric(16, 4),
    expires_at timestamptz NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    decided_at timestamptz,
    CONSTRAINT pk_quotes PRIMARY KEY (id),
    CONSTRAINT ck_quotes_state CHECK (state IN ('asking', 'open', 'confirmed', 'declined', 'expired', 'replaced')),
    CONSTRAINT fk_quotes_conversation_id
        FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_quotes_bot_id FOREIGN KEY(bot_id) REFERENCES bots (id) ON DELETE SET NULL,
    CONSTRAINT fk_quotes_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_quotes_bot_id ON quotes (bot_id);
CREATE INDEX ix_quotes_business_id ON quotes (business_id, id DESC);
CREATE INDEX ix_quotes_business_id_created_at ON quotes (business_id, created_at);
CREATE INDEX ix_quotes_business_id_decided_at ON quotes (business_id, decided_at);
CREATE INDEX ix_quotes_conversation_id ON quotes (conversation_id);
CREATE INDEX ix_quotes_expires_at ON quotes (expires_at) WHERE state IN ('asking', 'open');
CREATE UNIQUE INDEX uq_quotes_waiting ON quotes (conversation_id) WHERE state IN ('asking', 'open');
COMMENT ON TABLE quotes IS
'What a customer asked for, at the prices of that time. A conversation has at most one undecided quote.

A change creates a new quote and leaves the old one unchanged. total is in currency (ISO 4217) over the
unambiguous lines; both are null if the lines have several currencies. decided_at is when it was decided or
expired.';

CREATE TABLE quote_lines (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    quote_id bigint NOT NULL,
    position smallint NOT NULL,
    words varchar NOT NULL,
    quantity numeric(14, 3),
    said_unit varchar DEFAULT '' NOT NULL,
    product_id bigint,
    sku varchar DEFAULT '' NOT NULL,
    name varchar DEFAULT '' NOT NULL,
    unit varchar DEFAULT '' NOT NULL,
    price numeric(14, 4),
    currency varchar,
    amount numeric(16, 4),
    confidence double precision NOT NULL,
    candidates bigint[] DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_quote_lines PRIMARY KEY (id),
    CONSTRAINT fk_quote_lines_quote_id FOREIGN KEY(quote_id) REFERENCES quotes (id) ON DELETE CASCADE,
    CONSTRAINT fk_quote_lines_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_quote_lines_quote_id ON quote_lines (quote_id);
COMMENT ON TABLE quote_lines IS
'A line of a quote. Name, SKU, unit and price are copies: a quote does not change with the catalogue.

While the product is ambiguous, product_id is null and candidates are the possible products; quantity is
null while unknown. amount is the price of an unambiguous line. confidence is 0 to 1.';


-- Reporting

CREATE TABLE daily_metrics (
    business_id bigint DEFAULT current_business() NOT NULL,
    day date NOT NULL,
    channel_id bigint NOT NULL,
    agent_id bigint NOT NULL,
    metric varchar NOT NULL,
    label varchar NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    total double precision NOT NULL,
    CONSTRAINT pk_daily_metrics PRIMARY KEY (business_id, day, metric, channel_id, agent_id, label, bucket),
    CONSTRAINT fk_daily_metrics_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE daily_metrics IS
'One count of one day in the business''s time zone.

core.reporting.daily_metrics_sql defines metric and label. Durations are counted by bucket, with total
their sum in seconds; for costs total is in USD. agent_id 0 is the bot, or no agent.';

CREATE TABLE answer_metrics (
    business_id bigint DEFAULT current_business() NOT NULL,
    day date NOT NULL,
    channel_id bigint NOT NULL,
    what varchar NOT NULL,
    label varchar NOT NULL,
    bin smallint NOT NULL,
    count bigint NOT NULL,
    good bigint NOT NULL,
    bad bigint NOT NULL,
    handed_over bigint NOT NULL,
    CONSTRAINT pk_answer_metrics PRIMARY KEY (business_id, day, what, channel_id, label, bin),
    CONSTRAINT fk_answer_metrics_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE answer_metrics IS
'One count of answer outcomes on a day; core.reporting.answer_rollups defines what, label and bin.

good, bad and handed_over are parts of count.';

CREATE TABLE counted_days (
    business_id bigint DEFAULT current_business() NOT NULL,
    day date NOT NULL,
    counted_at timestamptz NOT NULL,
    answers_at timestamptz,
    CONSTRAINT pk_counted_days PRIMARY KEY (business_id, day),
    CONSTRAINT fk_counted_days_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
COMMENT ON TABLE counted_days IS
'When a day was last counted; answers_at is the same for answer outcomes, null if never.';


-- Operations

CREATE TABLE background_tasks (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    kind varchar NOT NULL,
    subject_id bigint NOT NULL,
    state varchar DEFAULT 'waiting' NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    total integer DEFAULT 0 NOT NULL,
    error varchar,
    attempts smallint DEFAULT 0 NOT NULL,
    due_at timestamptz DEFAULT now(),
    lease uuid,
    created_by varchar NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT pk_background_tasks PRIMARY KEY (id),
    CONSTRAINT ck_background_tasks_state CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT fk_background_tasks_business_id
        FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_background_tasks_business_id_kind_subject_id_id ON background_tasks
    (business_id, kind, subject_id, id);
CREATE INDEX ix_background_tasks_due_at ON background_tasks (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX uq_background_tasks_open ON background_tasks (business_id, kind, subject_id)
    WHERE due_at IS NOT NULL;
COMMENT ON TABLE background_tasks IS
'One background task; kind determines the work and what subject_id refers to.

due_at is set exactly while the task is open: when a waiting one may start, or a running one''s lease ends. The
unit of done and total depends on the kind. error is a code.';

CREATE TABLE notifications (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    kind varchar NOT NULL,
    severity varchar NOT NULL,
    text varchar NOT NULL,
    conversation_id bigint,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    about varchar DEFAULT '' NOT NULL,
    digest varchar DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    sent_to varchar[] DEFAULT '{}' NOT NULL,
    next_attempt_at timestamptz DEFAULT now(),
    sent_at timestamptz,
    CONSTRAINT pk_notifications PRIMARY KEY (id),
    CONSTRAINT ck_notifications_severity CHECK (severity IN ('info', 'warning', 'high')),
    CONSTRAINT fk_notifications_conversation_id
        FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_notifications_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_notifications_about ON notifications (business_id, about, id DESC);
CREATE INDEX ix_notifications_business_id ON notifications (business_id, id DESC);
CREATE INDEX ix_notifications_conversation_id ON notifications (conversation_id);
CREATE INDEX ix_notifications_due ON notifications (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
COMMENT ON TABLE notifications IS
'A notification: a hand-off, a permanently failed message, a paused channel.

text is English; data holds the values of its translations (core.accounts.notification_texts). about
identifies the subject and digest the content, so that an event delivered twice creates one notification. The
scheduler sends it through NOTIFY_URLS at next_attempt_at (null: never again); attempts counts the tries.
sent_to are the services (digests of their URLs) that have it, sent_at is when the last of them accepted it.';

CREATE TABLE alerts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    business_id bigint DEFAULT current_business() NOT NULL,
    kind varchar NOT NULL,
    severity varchar NOT NULL,
    subject varchar NOT NULL,
    opened_at timestamptz DEFAULT now() NOT NULL,
    last_seen_at timestamptz DEFAULT now() NOT NULL,
    cleared_at timestamptz,
    notified_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_alerts PRIMARY KEY (id),
    CONSTRAINT ck_alerts_severity CHECK (severity IN ('info', 'warning', 'high')),
    CONSTRAINT fk_alerts_business_id FOREIGN KEY(business_id) REFERENCES businesses (id) ON DELETE RESTRICT
);
CREATE INDEX ix_alerts_business_id_opened_at ON alerts (business_id, opened_at);
CREATE UNIQUE INDEX uq_alerts_open ON alerts (business_id, kind, subject) WHERE cleared_at IS NULL;
COMMENT ON TABLE alerts IS
'A condition that needs attention. Open until cleared_at; at most one open per kind and subject.';

CREATE TABLE machines (
    id uuid NOT NULL,
    hostname varchar NOT NULL,
    seen_at timestamptz NOT NULL,
    has_media_url boolean NOT NULL,
    CONSTRAINT pk_machines PRIMARY KEY (id)
);
COMMENT ON TABLE machines IS
'A DATA_DIR with running processes (core.platform.machines), its host and last heartbeat.';

CREATE TABLE worker_reports (
    worker varchar NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    slots jsonb DEFAULT '{}'::jsonb NOT NULL,
    busy jsonb DEFAULT '{}'::jsonb NOT NULL,
    done bigint NOT NULL,
    memory bigint NOT NULL,
    CONSTRAINT pk_worker_reports PRIMARY KEY (worker)
);
COMMENT ON TABLE worker_reports IS
'A worker process: busy are its running tasks by kind, slots its capacity. memory is in bytes.';

CREATE TABLE work_minutes (
    minute timestamptz NOT NULL,
    kind varchar NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    failed bigint NOT NULL,
    total double precision NOT NULL,
    CONSTRAINT pk_work_minutes PRIMARY KEY (minute, kind, bucket)
);
COMMENT ON TABLE work_minutes IS
'Tasks of a kind that ended in one minute, by duration bucket (core.monitoring.worker_stats.LIMITS).

total is their duration in seconds.';

CREATE TABLE task_failures (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind varchar NOT NULL,
    error varchar NOT NULL,
    trace varchar NOT NULL,
    failed_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_task_failures PRIMARY KEY (id)
);
COMMENT ON TABLE task_failures IS
'A task that raised an unexpected error. Its work is retried when its lease expires.';


-- Where ingestion stopped at the last crash: the first event of a batch that was never completed
CREATE SEQUENCE receiving_from;
