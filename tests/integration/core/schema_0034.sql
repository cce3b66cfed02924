-- The schema of revision 0034, as pg_dump writes it: what test_migrations and test_backup convert.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE FUNCTION public.words_about(payload jsonb) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('spanish'::regconfig, regexp_replace(lower(translate(((((((((COALESCE((payload #>> '{referral,headline}'::text[]), ''::text) || ' '::text) || COALESCE((payload #>> '{referral,body}'::text[]), ''::text)) || ' '::text) || COALESCE((payload #>> '{context,referred_product,product_retailer_id}'::text[]), ''::text)) || ' '::text) || COALESCE((((payload ->> 'filename'::text) || ' '::text) || translate((payload ->> 'filename'::text), '-_.'::text, '   '::text)), ''::text)) || ' '::text) || COALESCE((payload #>> '{list_reply,description}'::text[]), ''::text)), 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡'::text, 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'::text)), '([au])cion\M'::text, '\1ción'::text, 'g'::text));
CREATE TABLE public.agent_tokens (
    id bigint NOT NULL,
    agent_id bigint NOT NULL,
    kind character varying NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    business_id bigint NOT NULL,
    user_agent character varying,
    last_seen_at timestamp with time zone,
    CONSTRAINT ck_agent_tokens_kind CHECK (((kind)::text = ANY ((ARRAY['session'::character varying, 'link'::character varying, 'code'::character varying])::text[])))
);
ALTER TABLE public.agent_tokens ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.agent_tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.agents (
    id bigint NOT NULL,
    name character varying NOT NULL,
    email character varying NOT NULL,
    role character varying NOT NULL,
    password_hash character varying,
    language character varying,
    disabled_at timestamp with time zone,
    failed_sign_ins integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    totp bytea,
    notices_read bigint DEFAULT '0'::bigint NOT NULL,
    CONSTRAINT ck_agents_role CHECK (((role)::text = ANY ((ARRAY['agent'::character varying, 'manager'::character varying, 'administrator'::character varying])::text[])))
);
ALTER TABLE public.agents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.agents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ai_runs (
    id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    message_id bigint,
    bot_id bigint,
    settings_version bigint NOT NULL,
    prompt_version character varying NOT NULL,
    outcome character varying NOT NULL,
    decided_by character varying NOT NULL,
    model character varying,
    confidence double precision,
    input_tokens integer,
    cached_tokens integer,
    output_tokens integer,
    cost_usd numeric(14,8),
    latency_ms integer,
    error character varying,
    trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.ai_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ai_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alerts (
    id bigint NOT NULL,
    kind character varying NOT NULL,
    severity character varying NOT NULL,
    subject character varying NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    cleared_at timestamp with time zone,
    notified_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    CONSTRAINT ck_alerts_severity CHECK (((severity)::text = ANY ((ARRAY['info'::character varying, 'warning'::character varying, 'high'::character varying])::text[])))
);
ALTER TABLE public.alerts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alerts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.answer_figures (
    day date NOT NULL,
    channel_id bigint NOT NULL,
    what character varying NOT NULL,
    label character varying NOT NULL,
    bin smallint NOT NULL,
    count bigint NOT NULL,
    good bigint NOT NULL,
    bad bigint NOT NULL,
    handed_over bigint NOT NULL,
    business_id bigint NOT NULL
);
CREATE TABLE public.answer_outcomes (
    run_id bigint NOT NULL,
    bot_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    verdict character varying NOT NULL,
    cause character varying NOT NULL,
    confidence double precision,
    topics text[] DEFAULT '{}'::text[] NOT NULL,
    sources text[] DEFAULT '{}'::text[] NOT NULL,
    judged_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    CONSTRAINT ck_answer_outcomes_verdict CHECK (((verdict)::text = ANY ((ARRAY['good'::character varying, 'bad'::character varying, 'unknown'::character varying, 'handed_over'::character varying])::text[])))
);
CREATE TABLE public.api_keys (
    id bigint NOT NULL,
    name character varying NOT NULL,
    prefix character varying NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    rate_per_minute integer DEFAULT 600 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    business_id bigint NOT NULL
);
ALTER TABLE public.api_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.asked_questions (
    run_id bigint NOT NULL,
    suggestion_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    text character varying NOT NULL,
    answer character varying DEFAULT ''::character varying NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    business_id bigint NOT NULL
);
CREATE TABLE public.attachments (
    id bigint NOT NULL,
    message_id bigint,
    "position" smallint DEFAULT '0'::smallint NOT NULL,
    state character varying DEFAULT 'pending'::character varying NOT NULL,
    provider_media_id character varying,
    url character varying,
    mime_type character varying,
    filename character varying,
    sha256 character varying,
    size bigint,
    storage_key character varying,
    attempts bigint DEFAULT '0'::bigint NOT NULL,
    next_attempt_at timestamp with time zone,
    failure character varying,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    author_id bigint,
    CONSTRAINT ck_attachments_state CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'stored'::character varying, 'failed'::character varying])::text[])))
);
ALTER TABLE public.attachments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.attachments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    actor character varying NOT NULL,
    action character varying NOT NULL,
    subject character varying NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.bot_learning (
    bot_id bigint NOT NULL,
    learned_at timestamp with time zone DEFAULT now() NOT NULL,
    points jsonb DEFAULT '[]'::jsonb NOT NULL,
    sample bigint DEFAULT '0'::bigint NOT NULL,
    business_id bigint NOT NULL
);
CREATE TABLE public.bot_settings (
    id bigint NOT NULL,
    bot_id bigint NOT NULL,
    version bigint NOT NULL,
    data jsonb NOT NULL,
    author character varying NOT NULL,
    note character varying DEFAULT ''::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.bot_settings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bot_settings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.bots (
    id bigint NOT NULL,
    name character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.bots ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.businesses (
    id bigint NOT NULL,
    name character varying NOT NULL,
    profile jsonb DEFAULT '{}'::jsonb NOT NULL,
    timezone character varying DEFAULT 'UTC'::character varying NOT NULL,
    currency character varying DEFAULT 'USD'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    auto_assign boolean DEFAULT true NOT NULL,
    most_open integer DEFAULT 10 NOT NULL,
    catalogue uuid,
    prices jsonb DEFAULT '{}'::jsonb NOT NULL,
    agents_see character varying DEFAULT 'all'::character varying NOT NULL,
    CONSTRAINT ck_businesses_agents_see CHECK (((agents_see)::text = ANY ((ARRAY['all'::character varying, 'team'::character varying, 'own'::character varying])::text[]))),
    CONSTRAINT ck_businesses_most_open CHECK (((most_open >= 1) AND (most_open <= 500)))
);
ALTER TABLE public.businesses ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.businesses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.channel_flow (
    channel_id bigint NOT NULL,
    next_slot_at timestamp with time zone,
    failures bigint DEFAULT '0'::bigint NOT NULL,
    open_until timestamp with time zone,
    probe_until timestamp with time zone,
    business_id bigint NOT NULL,
    answers_only_until timestamp with time zone
);
CREATE TABLE public.channels (
    id bigint NOT NULL,
    bot_id bigint,
    kind character varying NOT NULL,
    provider character varying NOT NULL,
    identity character varying NOT NULL,
    account character varying DEFAULT ''::character varying NOT NULL,
    name character varying NOT NULL,
    credentials bytea NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    state character varying DEFAULT 'active'::character varying NOT NULL,
    state_reason character varying,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    templates_asked_at timestamp with time zone,
    asked_at timestamp with time zone,
    told jsonb DEFAULT '{}'::jsonb NOT NULL,
    team_id bigint,
    paused_for character varying,
    paused_until timestamp with time zone,
    CONSTRAINT ck_channels_kind CHECK (((kind)::text = ANY ((ARRAY['whatsapp'::character varying, 'sms'::character varying, 'email'::character varying])::text[]))),
    CONSTRAINT ck_channels_provider CHECK (((provider)::text = ANY ((ARRAY['whatsapp_cloud'::character varying, 'twilio'::character varying])::text[]))),
    CONSTRAINT ck_channels_state CHECK (((state)::text = ANY ((ARRAY['active'::character varying, 'paused'::character varying, 'disabled'::character varying])::text[])))
);
ALTER TABLE public.channels ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.contact_merges (
    id bigint NOT NULL,
    kept_id bigint NOT NULL,
    merged_id bigint NOT NULL,
    moved jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    undone_at timestamp with time zone,
    business_id bigint NOT NULL
);
ALTER TABLE public.contact_merges ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_merges_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.contacts (
    id bigint NOT NULL,
    name character varying DEFAULT ''::character varying NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    merged_into_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, lower(translate((name)::text, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡'::text, 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'::text)))) STORED,
    business_id bigint NOT NULL
);
ALTER TABLE public.contacts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contacts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.conversations (
    id bigint NOT NULL,
    channel_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    identity_id bigint NOT NULL,
    kind character varying NOT NULL,
    status character varying DEFAULT 'open'::character varying NOT NULL,
    mode character varying DEFAULT 'bot'::character varying NOT NULL,
    priority bigint DEFAULT '0'::bigint NOT NULL,
    assignee_id bigint,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    unread_count bigint DEFAULT '0'::bigint NOT NULL,
    bot_turns bigint DEFAULT '0'::bigint NOT NULL,
    waiting_since timestamp with time zone,
    handoff_reason character varying,
    handed_off_at timestamp with time zone,
    last_message_at timestamp with time zone DEFAULT now() NOT NULL,
    last_message_text character varying DEFAULT ''::character varying NOT NULL,
    window_expires_at timestamp with time zone,
    csat bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    business_id bigint NOT NULL,
    snoozed_until timestamp with time zone,
    team_id bigint,
    rating_asked_at timestamp with time zone,
    unsent_id bigint,
    asked_id bigint,
    unsent_at timestamp with time zone,
    imported boolean DEFAULT false NOT NULL,
    CONSTRAINT ck_conversations_kind CHECK (((kind)::text = ANY ((ARRAY['whatsapp'::character varying, 'sms'::character varying, 'email'::character varying])::text[]))),
    CONSTRAINT ck_conversations_mode CHECK (((mode)::text = ANY ((ARRAY['bot'::character varying, 'human'::character varying])::text[]))),
    CONSTRAINT ck_conversations_priority CHECK (((priority >= 0) AND (priority <= 3))),
    CONSTRAINT ck_conversations_status CHECK (((status)::text = ANY ((ARRAY['open'::character varying, 'pending'::character varying, 'snoozed'::character varying, 'closed'::character varying])::text[])))
);
ALTER TABLE public.conversations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.conversations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.daily_figures (
    day date NOT NULL,
    channel_id bigint NOT NULL,
    metric character varying NOT NULL,
    label character varying NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    total double precision NOT NULL,
    business_id bigint NOT NULL,
    agent_id bigint NOT NULL
);
CREATE TABLE public.days_counted (
    day date NOT NULL,
    counted_at timestamp with time zone NOT NULL,
    business_id bigint NOT NULL,
    answers_at timestamp with time zone
);
CREATE TABLE public.dead_letters (
    id bigint NOT NULL,
    business_id bigint,
    event_id bigint NOT NULL,
    reason character varying NOT NULL,
    raw jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    replayed_at timestamp with time zone
);
ALTER TABLE public.dead_letters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.deliveries (
    message_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    identity_id bigint NOT NULL,
    priority smallint NOT NULL,
    attempts smallint DEFAULT '0'::smallint NOT NULL,
    scheduled_for timestamp with time zone,
    next_attempt_at timestamp with time zone,
    lease uuid,
    leased_until timestamp with time zone,
    uncertain_since timestamp with time zone,
    business_id bigint NOT NULL,
    answers boolean DEFAULT false NOT NULL
);
CREATE TABLE public.delivery_attempts (
    id bigint NOT NULL,
    message_id bigint NOT NULL,
    number smallint NOT NULL,
    verdict character varying NOT NULL,
    cause character varying NOT NULL,
    code character varying NOT NULL,
    title character varying NOT NULL,
    details character varying DEFAULT ''::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    CONSTRAINT ck_delivery_attempts_verdict CHECK (((verdict)::text = ANY ((ARRAY['permanent'::character varying, 'retryable'::character varying, 'unknown'::character varying])::text[])))
);
ALTER TABLE public.delivery_attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.delivery_attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.errands (
    id bigint NOT NULL,
    kind character varying NOT NULL,
    subject_id bigint NOT NULL,
    state character varying DEFAULT 'waiting'::character varying NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    total integer DEFAULT 0 NOT NULL,
    error character varying,
    attempts smallint DEFAULT '0'::smallint NOT NULL,
    due_at timestamp with time zone DEFAULT now(),
    lease uuid,
    created_by character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    business_id bigint NOT NULL,
    CONSTRAINT ck_errands_state CHECK (((state)::text = ANY ((ARRAY['waiting'::character varying, 'running'::character varying, 'done'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);
ALTER TABLE public.errands ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.errands_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.identities (
    id bigint NOT NULL,
    contact_id bigint NOT NULL,
    kind character varying NOT NULL,
    address character varying NOT NULL,
    lookup_key character varying,
    opted_out_at timestamp with time zone,
    marketing_stopped_at timestamp with time zone,
    pair_slot_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    username character varying,
    account character varying,
    ended_at timestamp with time zone,
    CONSTRAINT ck_identities_kind CHECK (((kind)::text = ANY ((ARRAY['whatsapp'::character varying, 'sms'::character varying, 'email'::character varying])::text[])))
);
ALTER TABLE public.identities ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.identities_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.knowledge_chunks (
    id bigint NOT NULL,
    source_id bigint NOT NULL,
    edition bigint NOT NULL,
    "position" integer NOT NULL,
    heading character varying DEFAULT ''::character varying NOT NULL,
    text character varying NOT NULL,
    tokens integer NOT NULL,
    content_hash character varying NOT NULL,
    search tsvector GENERATED ALWAYS AS (((to_tsvector('spanish'::regconfig, regexp_replace(regexp_replace(lower(translate((((heading)::text || ' '::text) || (text)::text), 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡'::text, 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'::text)), '[!-/:-@\[-`{-~]+'::text, ' '::text, 'g'::text), '([au])cion\M'::text, '\1ción'::text, 'g'::text)) || to_tsvector('english'::regconfig, regexp_replace(lower(translate((((heading)::text || ' '::text) || (text)::text), 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡'::text, 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'::text)), '[!-/:-@\[-`{-~]+'::text, ' '::text, 'g'::text))) || to_tsvector('portuguese'::regconfig, regexp_replace(regexp_replace(regexp_replace(lower(translate((((heading)::text || ' '::text) || (text)::text), 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡'::text, 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'::text)), '[!-/:-@\[-`{-~]+'::text, ' '::text, 'g'::text), 'cao\M'::text, 'ção'::text, 'g'::text), 'coes\M'::text, 'ções'::text, 'g'::text)))) STORED,
    business_id bigint NOT NULL
);
ALTER TABLE public.knowledge_chunks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.knowledge_chunks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.knowledge_editions (
    id bigint NOT NULL,
    source_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.knowledge_editions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.knowledge_editions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.knowledge_sources (
    id bigint NOT NULL,
    bot_id bigint,
    kind character varying NOT NULL,
    title character varying NOT NULL,
    origin character varying DEFAULT ''::character varying NOT NULL,
    content_hash character varying,
    bytes bigint,
    file_key character varying,
    state character varying DEFAULT 'waiting'::character varying NOT NULL,
    fault character varying,
    pieces_done integer DEFAULT 0 NOT NULL,
    pieces_total integer DEFAULT 0 NOT NULL,
    chunks integer DEFAULT 0 NOT NULL,
    edition bigint,
    model character varying,
    created_by character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    read_at timestamp with time zone,
    business_id bigint NOT NULL,
    CONSTRAINT ck_knowledge_sources_kind CHECK (((kind)::text = ANY ((ARRAY['text'::character varying, 'markdown'::character varying, 'pdf'::character varying, 'docx'::character varying, 'table'::character varying, 'html'::character varying, 'page'::character varying])::text[]))),
    CONSTRAINT ck_knowledge_sources_state CHECK (((state)::text = ANY ((ARRAY['waiting'::character varying, 'reading'::character varying, 'embedding'::character varying, 'ready'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);
ALTER TABLE public.knowledge_sources ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.knowledge_sources_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.knowledge_vectors (
    chunk_id bigint NOT NULL,
    model character varying NOT NULL,
    edition bigint NOT NULL,
    dimensions smallint NOT NULL,
    embedding public.halfvec NOT NULL,
    business_id bigint NOT NULL
);
CREATE TABLE public.machines (
    id uuid NOT NULL,
    hostname character varying NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    has_media_url boolean NOT NULL
);
CREATE TABLE public.messages (
    id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    direction character varying NOT NULL,
    sender character varying NOT NULL,
    author_id bigint,
    type character varying NOT NULL,
    text character varying DEFAULT ''::character varying NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    status character varying NOT NULL,
    provider_id character varying,
    reply_to character varying,
    idempotency_key character varying,
    event_id bigint,
    error jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    business_id bigint NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('spanish'::regconfig, regexp_replace(lower(translate((text)::text, 'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ¿¡'::text, 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn'::text)), '([au])cion\M'::text, '\1ción'::text, 'g'::text))) STORED,
    CONSTRAINT ck_messages_direction CHECK (((direction)::text = ANY ((ARRAY['inbound'::character varying, 'outbound'::character varying])::text[]))),
    CONSTRAINT ck_messages_sender CHECK (((sender)::text = ANY ((ARRAY['customer'::character varying, 'bot'::character varying, 'agent'::character varying, 'system'::character varying])::text[]))),
    CONSTRAINT ck_messages_status CHECK (((status)::text = ANY ((ARRAY['received'::character varying, 'queued'::character varying, 'sending'::character varying, 'sent'::character varying, 'delivered'::character varying, 'read'::character varying, 'played'::character varying, 'failed'::character varying, 'uncertain'::character varying, 'cancelled'::character varying])::text[])))
);
ALTER TABLE public.messages ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.messages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.notices (
    id bigint NOT NULL,
    kind character varying NOT NULL,
    severity character varying NOT NULL,
    text character varying NOT NULL,
    conversation_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    business_id bigint NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    about character varying DEFAULT ''::character varying NOT NULL,
    digest character varying DEFAULT ''::character varying NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    sent_to character varying[] DEFAULT '{}'::character varying[] NOT NULL,
    next_try_at timestamp with time zone DEFAULT now(),
    CONSTRAINT ck_notices_severity CHECK (((severity)::text = ANY ((ARRAY['info'::character varying, 'warning'::character varying, 'high'::character varying])::text[])))
);
ALTER TABLE public.notices ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.products (
    id bigint NOT NULL,
    sku character varying DEFAULT ''::character varying NOT NULL,
    name character varying NOT NULL,
    description character varying DEFAULT ''::character varying NOT NULL,
    unit character varying DEFAULT ''::character varying NOT NULL,
    price numeric(14,4) NOT NULL,
    currency character varying DEFAULT ''::character varying NOT NULL,
    aliases text[] DEFAULT '{}'::text[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    CONSTRAINT ck_products_price CHECK ((price >= (0)::numeric))
);
ALTER TABLE public.products ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.products_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.provider_files (
    channel_id bigint NOT NULL,
    attachment_id bigint NOT NULL,
    handle character varying NOT NULL,
    good_until timestamp with time zone NOT NULL,
    business_id bigint NOT NULL
);
CREATE TABLE public.quote_lines (
    id bigint NOT NULL,
    quote_id bigint NOT NULL,
    "position" smallint NOT NULL,
    words character varying NOT NULL,
    quantity numeric(14,3),
    said_unit character varying DEFAULT ''::character varying NOT NULL,
    product_id bigint,
    sku character varying DEFAULT ''::character varying NOT NULL,
    name character varying DEFAULT ''::character varying NOT NULL,
    unit character varying DEFAULT ''::character varying NOT NULL,
    price numeric(14,4),
    currency character varying,
    amount numeric(16,4),
    confidence double precision NOT NULL,
    candidates bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.quote_lines ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quote_lines_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.quotes (
    id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    bot_id bigint,
    state character varying NOT NULL,
    language character varying NOT NULL,
    currency character varying,
    total numeric(16,4),
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    decided_at timestamp with time zone,
    business_id bigint NOT NULL,
    CONSTRAINT ck_quotes_state CHECK (((state)::text = ANY ((ARRAY['asking'::character varying, 'open'::character varying, 'confirmed'::character varying, 'declined'::character varying, 'expired'::character varying, 'replaced'::character varying])::text[])))
);
ALTER TABLE public.quotes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quotes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.receipts (
    id bigint NOT NULL,
    channel_id bigint NOT NULL,
    message_id bigint,
    provider_id character varying NOT NULL,
    our_id bigint,
    status character varying NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    errors jsonb DEFAULT '[]'::jsonb NOT NULL,
    pricing jsonb DEFAULT '{}'::jsonb NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.receipts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.receipts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE SEQUENCE public.receiving_from
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.rehearsal_items (
    id bigint NOT NULL,
    rehearsal_id bigint NOT NULL,
    "position" integer NOT NULL,
    conversation_id bigint,
    case_id bigint,
    name character varying NOT NULL,
    said jsonb NOT NULL,
    replies_in_a_row integer DEFAULT 0 NOT NULL,
    expected jsonb DEFAULT '{}'::jsonb NOT NULL,
    before jsonb,
    after jsonb,
    done_at timestamp with time zone,
    business_id bigint NOT NULL
);
ALTER TABLE public.rehearsal_items ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rehearsal_items_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.rehearsals (
    id bigint NOT NULL,
    bot_id bigint NOT NULL,
    base_version bigint NOT NULL,
    settings jsonb NOT NULL,
    source character varying NOT NULL,
    spend_limit numeric(10,4),
    spent numeric(14,8) DEFAULT '0'::numeric NOT NULL,
    ended character varying,
    created_by character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    CONSTRAINT ck_rehearsals_source CHECK (((source)::text = ANY ((ARRAY['conversations'::character varying, 'cases'::character varying])::text[])))
);
ALTER TABLE public.rehearsals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rehearsals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.reply_turns (
    conversation_id bigint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    first_message_at timestamp with time zone DEFAULT now() NOT NULL,
    latest_message_id bigint NOT NULL,
    lease uuid,
    leased_until timestamp with time zone,
    attempts bigint DEFAULT '0'::bigint NOT NULL,
    business_id bigint NOT NULL
);
CREATE TABLE public.saved_cases (
    id bigint NOT NULL,
    bot_id bigint NOT NULL,
    conversation_id bigint,
    name character varying NOT NULL,
    said jsonb NOT NULL,
    expected jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_by character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.saved_cases ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.saved_cases_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.saved_replies (
    id bigint NOT NULL,
    business_id bigint NOT NULL,
    shortcut character varying NOT NULL,
    text character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.saved_replies ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.saved_replies_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.suggestions (
    id bigint NOT NULL,
    bot_id bigint NOT NULL,
    question character varying NOT NULL,
    language character varying NOT NULL,
    answer character varying DEFAULT ''::character varying NOT NULL,
    drafted_by character varying DEFAULT ''::character varying NOT NULL,
    state character varying DEFAULT 'open'::character varying NOT NULL,
    snoozed_until timestamp with time zone,
    first_asked_at timestamp with time zone NOT NULL,
    last_asked_at timestamp with time zone NOT NULL,
    decided_by character varying,
    decided_at timestamp with time zone,
    settings_version bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL,
    CONSTRAINT ck_suggestions_state CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'accepted'::character varying, 'dismissed'::character varying])::text[])))
);
ALTER TABLE public.suggestions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.suggestions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.task_failures (
    id bigint NOT NULL,
    kind character varying NOT NULL,
    error character varying NOT NULL,
    trace character varying NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.task_failures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.task_failures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.team_members (
    team_id bigint NOT NULL,
    agent_id bigint NOT NULL,
    business_id bigint NOT NULL
);
CREATE TABLE public.teams (
    id bigint NOT NULL,
    name character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    business_id bigint NOT NULL
);
ALTER TABLE public.teams ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.teams_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.templates (
    id bigint NOT NULL,
    business_id bigint NOT NULL,
    account character varying NOT NULL,
    name character varying NOT NULL,
    language character varying NOT NULL,
    category character varying NOT NULL,
    status character varying NOT NULL,
    quality character varying NOT NULL,
    rejected_reason character varying NOT NULL,
    components jsonb NOT NULL,
    told_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.templates ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.templates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.webhook_events (
    id bigint NOT NULL,
    source character varying NOT NULL,
    digest bytea NOT NULL,
    content_type character varying NOT NULL,
    query character varying NOT NULL,
    body bytea NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    processed_at timestamp with time zone,
    attempts smallint DEFAULT '0'::smallint NOT NULL,
    signed_by bigint[],
    CONSTRAINT ck_webhook_events_source CHECK (((source)::text = ANY ((ARRAY['whatsapp_cloud'::character varying, 'twilio_inbound'::character varying, 'twilio_status'::character varying])::text[])))
);
ALTER TABLE public.webhook_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.webhook_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.work_minutes (
    minute timestamp with time zone NOT NULL,
    kind character varying NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    failed bigint NOT NULL,
    total double precision NOT NULL
);
CREATE TABLE public.worker_reports (
    worker character varying NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    slots jsonb DEFAULT '{}'::jsonb NOT NULL,
    busy jsonb DEFAULT '{}'::jsonb NOT NULL,
    done bigint NOT NULL,
    memory bigint NOT NULL
);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.agent_tokens
    ADD CONSTRAINT pk_agent_tokens PRIMARY KEY (id);
ALTER TABLE ONLY public.agents
    ADD CONSTRAINT pk_agents PRIMARY KEY (id);
ALTER TABLE ONLY public.ai_runs
    ADD CONSTRAINT pk_ai_runs PRIMARY KEY (id);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT pk_alerts PRIMARY KEY (id);
ALTER TABLE ONLY public.answer_figures
    ADD CONSTRAINT pk_answer_figures PRIMARY KEY (business_id, day, what, channel_id, label, bin);
ALTER TABLE ONLY public.answer_outcomes
    ADD CONSTRAINT pk_answer_outcomes PRIMARY KEY (run_id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.asked_questions
    ADD CONSTRAINT pk_asked_questions PRIMARY KEY (run_id);
ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT pk_attachments PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT pk_audit_log PRIMARY KEY (id);
ALTER TABLE ONLY public.bot_learning
    ADD CONSTRAINT pk_bot_learning PRIMARY KEY (bot_id);
ALTER TABLE ONLY public.bot_settings
    ADD CONSTRAINT pk_bot_settings PRIMARY KEY (id);
ALTER TABLE ONLY public.bots
    ADD CONSTRAINT pk_bots PRIMARY KEY (id);
ALTER TABLE ONLY public.businesses
    ADD CONSTRAINT pk_businesses PRIMARY KEY (id);
ALTER TABLE ONLY public.channel_flow
    ADD CONSTRAINT pk_channel_flow PRIMARY KEY (channel_id);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT pk_channels PRIMARY KEY (id);
ALTER TABLE ONLY public.contact_merges
    ADD CONSTRAINT pk_contact_merges PRIMARY KEY (id);
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT pk_contacts PRIMARY KEY (id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT pk_conversations PRIMARY KEY (id);
ALTER TABLE ONLY public.daily_figures
    ADD CONSTRAINT pk_daily_figures PRIMARY KEY (business_id, day, metric, channel_id, agent_id, label, bucket);
ALTER TABLE ONLY public.days_counted
    ADD CONSTRAINT pk_days_counted PRIMARY KEY (business_id, day);
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT pk_dead_letters PRIMARY KEY (id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (message_id);
ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT pk_delivery_attempts PRIMARY KEY (id);
ALTER TABLE ONLY public.errands
    ADD CONSTRAINT pk_errands PRIMARY KEY (id);
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT pk_identities PRIMARY KEY (id);
ALTER TABLE ONLY public.knowledge_chunks
    ADD CONSTRAINT pk_knowledge_chunks PRIMARY KEY (id);
ALTER TABLE ONLY public.knowledge_editions
    ADD CONSTRAINT pk_knowledge_editions PRIMARY KEY (id);
ALTER TABLE ONLY public.knowledge_sources
    ADD CONSTRAINT pk_knowledge_sources PRIMARY KEY (id);
ALTER TABLE ONLY public.knowledge_vectors
    ADD CONSTRAINT pk_knowledge_vectors PRIMARY KEY (chunk_id, model);
ALTER TABLE ONLY public.machines
    ADD CONSTRAINT pk_machines PRIMARY KEY (id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT pk_messages PRIMARY KEY (id);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT pk_notices PRIMARY KEY (id);
ALTER TABLE ONLY public.products
    ADD CONSTRAINT pk_products PRIMARY KEY (id);
ALTER TABLE ONLY public.provider_files
    ADD CONSTRAINT pk_provider_files PRIMARY KEY (channel_id, attachment_id);
ALTER TABLE ONLY public.quote_lines
    ADD CONSTRAINT pk_quote_lines PRIMARY KEY (id);
ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT pk_quotes PRIMARY KEY (id);
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT pk_receipts PRIMARY KEY (id);
ALTER TABLE ONLY public.rehearsal_items
    ADD CONSTRAINT pk_rehearsal_items PRIMARY KEY (id);
ALTER TABLE ONLY public.rehearsals
    ADD CONSTRAINT pk_rehearsals PRIMARY KEY (id);
ALTER TABLE ONLY public.reply_turns
    ADD CONSTRAINT pk_reply_turns PRIMARY KEY (conversation_id);
ALTER TABLE ONLY public.saved_cases
    ADD CONSTRAINT pk_saved_cases PRIMARY KEY (id);
ALTER TABLE ONLY public.saved_replies
    ADD CONSTRAINT pk_saved_replies PRIMARY KEY (id);
ALTER TABLE ONLY public.suggestions
    ADD CONSTRAINT pk_suggestions PRIMARY KEY (id);
ALTER TABLE ONLY public.task_failures
    ADD CONSTRAINT pk_task_failures PRIMARY KEY (id);
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT pk_team_members PRIMARY KEY (team_id, agent_id);
ALTER TABLE ONLY public.teams
    ADD CONSTRAINT pk_teams PRIMARY KEY (id);
ALTER TABLE ONLY public.templates
    ADD CONSTRAINT pk_templates PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_events
    ADD CONSTRAINT pk_webhook_events PRIMARY KEY (id);
ALTER TABLE ONLY public.work_minutes
    ADD CONSTRAINT pk_work_minutes PRIMARY KEY (minute, kind, bucket);
ALTER TABLE ONLY public.worker_reports
    ADD CONSTRAINT pk_worker_reports PRIMARY KEY (worker);
ALTER TABLE ONLY public.agent_tokens
    ADD CONSTRAINT uq_agent_tokens_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_key_hash UNIQUE (key_hash);
ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT uq_attachments_message_id_position UNIQUE (message_id, "position");
ALTER TABLE ONLY public.bot_settings
    ADD CONSTRAINT uq_bot_settings_bot_id_version UNIQUE (bot_id, version);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT uq_channels_provider_kind_identity UNIQUE (provider, kind, identity);
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT uq_receipts_channel_id_provider_id_status_occurred_at UNIQUE (channel_id, provider_id, status, occurred_at);
ALTER TABLE ONLY public.rehearsal_items
    ADD CONSTRAINT uq_rehearsal_items_rehearsal_id_position UNIQUE (rehearsal_id, "position");
ALTER TABLE ONLY public.saved_replies
    ADD CONSTRAINT uq_saved_replies_business_id_shortcut UNIQUE (business_id, shortcut);
ALTER TABLE ONLY public.templates
    ADD CONSTRAINT uq_templates_business_id_account_name_language UNIQUE (business_id, account, name, language);
CREATE INDEX ix_agent_tokens_agent_id ON public.agent_tokens USING btree (agent_id);
CREATE INDEX ix_ai_runs_business_id_created_at ON public.ai_runs USING btree (business_id, created_at);
CREATE INDEX ix_ai_runs_conversation_id ON public.ai_runs USING btree (conversation_id);
CREATE INDEX ix_ai_runs_message_id ON public.ai_runs USING btree (message_id);
CREATE INDEX ix_alerts_business_id_opened_at ON public.alerts USING btree (business_id, opened_at);
CREATE INDEX ix_answer_outcomes_bot_id_at ON public.answer_outcomes USING btree (bot_id, at);
CREATE INDEX ix_answer_outcomes_business_id_at ON public.answer_outcomes USING btree (business_id, at);
CREATE INDEX ix_asked_questions_suggestion_id ON public.asked_questions USING btree (suggestion_id);
CREATE INDEX ix_attachments_next_attempt_at ON public.attachments USING btree (next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX ix_audit_log_business_id ON public.audit_log USING btree (business_id, id DESC);
CREATE INDEX ix_audit_log_spent ON public.audit_log USING btree (business_id, created_at) WHERE (data ? 'cost_usd'::text);
CREATE INDEX ix_contact_merges_kept_id ON public.contact_merges USING btree (kept_id);
CREATE INDEX ix_contact_merges_merged_id ON public.contact_merges USING btree (merged_id);
CREATE INDEX ix_contacts_business_id_id ON public.contacts USING btree (business_id, id);
CREATE INDEX ix_contacts_search ON public.contacts USING gin (search);
CREATE INDEX ix_conversations_business_id ON public.conversations USING btree (business_id, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_business_id_assignee_id_status ON public.conversations USING btree (business_id, assignee_id, status, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_business_id_closed_at ON public.conversations USING btree (business_id, closed_at) WHERE (closed_at IS NOT NULL);
CREATE INDEX ix_conversations_business_id_created_at ON public.conversations USING btree (business_id, created_at);
CREATE INDEX ix_conversations_business_id_kind ON public.conversations USING btree (business_id, kind, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_business_id_status ON public.conversations USING btree (business_id, status, last_message_at DESC, id DESC);
CREATE INDEX ix_conversations_contact_id ON public.conversations USING btree (contact_id);
CREATE INDEX ix_conversations_snoozed_until ON public.conversations USING btree (snoozed_until) WHERE ((status)::text = 'snoozed'::text);
CREATE INDEX ix_conversations_team ON public.conversations USING btree (team_id, last_message_at DESC, id DESC) WHERE (team_id IS NOT NULL);
CREATE INDEX ix_conversations_waiting_since ON public.conversations USING btree (waiting_since) WHERE (waiting_since IS NOT NULL);
CREATE INDEX ix_dead_letters_event_id ON public.dead_letters USING btree (event_id);
CREATE INDEX ix_deliveries_in_progress ON public.deliveries USING btree (conversation_id, message_id) WHERE ((next_attempt_at IS NOT NULL) OR (leased_until IS NOT NULL));
CREATE INDEX ix_deliveries_leased_until ON public.deliveries USING btree (leased_until) WHERE (leased_until IS NOT NULL);
CREATE INDEX ix_deliveries_priority_next_attempt_at ON public.deliveries USING btree (priority, next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX ix_delivery_attempts_message_id ON public.delivery_attempts USING btree (message_id);
CREATE INDEX ix_errands_business_id_kind_subject_id_id ON public.errands USING btree (business_id, kind, subject_id, id);
CREATE INDEX ix_errands_due_at ON public.errands USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX ix_identities_address ON public.identities USING btree (business_id, address);
CREATE INDEX ix_identities_business_id_lookup_key ON public.identities USING btree (business_id, lookup_key);
CREATE INDEX ix_identities_contact_id ON public.identities USING btree (contact_id);
CREATE INDEX ix_identities_username ON public.identities USING btree (lower((username)::text)) WHERE (username IS NOT NULL);
CREATE UNIQUE INDEX ix_knowledge_chunks_edition_position ON public.knowledge_chunks USING btree (edition, "position");
CREATE INDEX ix_knowledge_chunks_search ON public.knowledge_chunks USING gin (search);
CREATE INDEX ix_knowledge_chunks_source_id ON public.knowledge_chunks USING btree (source_id);
CREATE INDEX ix_knowledge_editions_source_id ON public.knowledge_editions USING btree (source_id);
CREATE INDEX ix_knowledge_sources_bot_id ON public.knowledge_sources USING btree (bot_id);
CREATE INDEX ix_knowledge_sources_business_id_bot_id ON public.knowledge_sources USING btree (business_id, bot_id);
CREATE INDEX ix_knowledge_vectors_1024 ON public.knowledge_vectors USING hnsw (((embedding)::public.halfvec(1024)) public.halfvec_cosine_ops) WHERE (dimensions = 1024);
CREATE INDEX ix_knowledge_vectors_1536 ON public.knowledge_vectors USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (dimensions = 1536);
CREATE INDEX ix_knowledge_vectors_256 ON public.knowledge_vectors USING hnsw (((embedding)::public.halfvec(256)) public.halfvec_cosine_ops) WHERE (dimensions = 256);
CREATE INDEX ix_knowledge_vectors_3072 ON public.knowledge_vectors USING hnsw (((embedding)::public.halfvec(3072)) public.halfvec_cosine_ops) WHERE (dimensions = 3072);
CREATE INDEX ix_knowledge_vectors_384 ON public.knowledge_vectors USING hnsw (((embedding)::public.halfvec(384)) public.halfvec_cosine_ops) WHERE (dimensions = 384);
CREATE INDEX ix_knowledge_vectors_768 ON public.knowledge_vectors USING hnsw (((embedding)::public.halfvec(768)) public.halfvec_cosine_ops) WHERE (dimensions = 768);
CREATE INDEX ix_knowledge_vectors_edition_model ON public.knowledge_vectors USING btree (edition, model);
CREATE INDEX ix_messages_about ON public.messages USING gin (public.words_about(payload)) WHERE (payload ?| '{referral,context,filename,list_reply}'::text[]);
CREATE INDEX ix_messages_business_id_created_at ON public.messages USING btree (business_id, created_at);
CREATE INDEX ix_messages_changes ON public.messages USING btree (channel_id, reply_to) WHERE ((type)::text = ANY ((ARRAY['edit'::character varying, 'revoke'::character varying])::text[]));
CREATE INDEX ix_messages_conversation_id ON public.messages USING btree (conversation_id, created_at DESC, id DESC);
CREATE INDEX ix_messages_search ON public.messages USING gin (search);
CREATE INDEX ix_messages_unsettled ON public.messages USING btree (business_id, status) WHERE ((status)::text = ANY ((ARRAY['queued'::character varying, 'sending'::character varying, 'failed'::character varying, 'uncertain'::character varying])::text[]));
CREATE INDEX ix_notices_about ON public.notices USING btree (business_id, about, id DESC);
CREATE INDEX ix_notices_business_id ON public.notices USING btree (business_id, id DESC);
CREATE INDEX ix_notices_due ON public.notices USING btree (next_try_at) WHERE (next_try_at IS NOT NULL);
CREATE INDEX ix_provider_files_attachment_id ON public.provider_files USING btree (attachment_id);
CREATE INDEX ix_quote_lines_quote_id ON public.quote_lines USING btree (quote_id);
CREATE INDEX ix_quotes_business_id ON public.quotes USING btree (business_id, id DESC);
CREATE INDEX ix_quotes_business_id_created_at ON public.quotes USING btree (business_id, created_at);
CREATE INDEX ix_quotes_business_id_decided_at ON public.quotes USING btree (business_id, decided_at);
CREATE INDEX ix_quotes_conversation_id ON public.quotes USING btree (conversation_id);
CREATE INDEX ix_quotes_expires_at ON public.quotes USING btree (expires_at) WHERE ((state)::text = ANY ((ARRAY['asking'::character varying, 'open'::character varying])::text[]));
CREATE INDEX ix_receipts_message_id ON public.receipts USING btree (message_id);
CREATE INDEX ix_receipts_unmatched ON public.receipts USING btree (channel_id, provider_id) WHERE (message_id IS NULL);
CREATE INDEX ix_rehearsal_items_case_id ON public.rehearsal_items USING btree (case_id);
CREATE INDEX ix_rehearsal_items_conversation_id ON public.rehearsal_items USING btree (conversation_id);
CREATE INDEX ix_rehearsals_bot_id_id ON public.rehearsals USING btree (bot_id, id);
CREATE INDEX ix_reply_turns_due_at ON public.reply_turns USING btree (due_at);
CREATE INDEX ix_saved_cases_bot_id ON public.saved_cases USING btree (bot_id);
CREATE INDEX ix_saved_cases_conversation_id ON public.saved_cases USING btree (conversation_id);
CREATE INDEX ix_suggestions_bot_id_state ON public.suggestions USING btree (bot_id, state, last_asked_at DESC);
CREATE INDEX ix_team_members_agent_id ON public.team_members USING btree (agent_id);
CREATE INDEX ix_webhook_events_pending ON public.webhook_events USING btree (id) WHERE (processed_at IS NULL);
CREATE UNIQUE INDEX uq_agents_email ON public.agents USING btree (lower((email)::text));
CREATE UNIQUE INDEX uq_alerts_open ON public.alerts USING btree (business_id, kind, subject) WHERE (cleared_at IS NULL);
CREATE UNIQUE INDEX uq_conversations_open ON public.conversations USING btree (channel_id, contact_id) WHERE ((status)::text <> 'closed'::text);
CREATE UNIQUE INDEX uq_errands_open ON public.errands USING btree (business_id, kind, subject_id) WHERE (due_at IS NOT NULL);
CREATE UNIQUE INDEX uq_identities_live ON public.identities USING btree (business_id, kind, address) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX uq_knowledge_sources_content ON public.knowledge_sources USING btree (business_id, bot_id, content_hash) NULLS NOT DISTINCT WHERE (((kind)::text <> 'page'::text) AND (content_hash IS NOT NULL));
CREATE UNIQUE INDEX uq_knowledge_sources_page ON public.knowledge_sources USING btree (business_id, bot_id, origin) NULLS NOT DISTINCT WHERE ((kind)::text = 'page'::text);
CREATE UNIQUE INDEX uq_messages_idempotency_key ON public.messages USING btree (business_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE UNIQUE INDEX uq_messages_provider_id ON public.messages USING btree (channel_id, provider_id) WHERE (provider_id IS NOT NULL);
CREATE UNIQUE INDEX uq_products_name ON public.products USING btree (business_id, name) WHERE ((sku)::text = ''::text);
CREATE UNIQUE INDEX uq_products_sku ON public.products USING btree (business_id, sku) WHERE ((sku)::text <> ''::text);
CREATE UNIQUE INDEX uq_quotes_waiting ON public.quotes USING btree (conversation_id) WHERE ((state)::text = ANY ((ARRAY['asking'::character varying, 'open'::character varying])::text[]));
CREATE UNIQUE INDEX uq_teams_name ON public.teams USING btree (business_id, lower((name)::text));
CREATE UNIQUE INDEX uq_webhook_events_digest ON public.webhook_events USING btree (digest);
ALTER TABLE ONLY public.agent_tokens
    ADD CONSTRAINT fk_agent_tokens_agent_id FOREIGN KEY (agent_id) REFERENCES public.agents(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.agent_tokens
    ADD CONSTRAINT fk_agent_tokens_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.agents
    ADD CONSTRAINT fk_agents_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ai_runs
    ADD CONSTRAINT fk_ai_runs_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.ai_runs
    ADD CONSTRAINT fk_ai_runs_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ai_runs
    ADD CONSTRAINT fk_ai_runs_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ai_runs
    ADD CONSTRAINT fk_ai_runs_message_id FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT fk_alerts_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.answer_figures
    ADD CONSTRAINT fk_answer_figures_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.answer_outcomes
    ADD CONSTRAINT fk_answer_outcomes_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.answer_outcomes
    ADD CONSTRAINT fk_answer_outcomes_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.answer_outcomes
    ADD CONSTRAINT fk_answer_outcomes_run_id FOREIGN KEY (run_id) REFERENCES public.ai_runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.asked_questions
    ADD CONSTRAINT fk_asked_questions_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.asked_questions
    ADD CONSTRAINT fk_asked_questions_run_id FOREIGN KEY (run_id) REFERENCES public.ai_runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.asked_questions
    ADD CONSTRAINT fk_asked_questions_suggestion_id FOREIGN KEY (suggestion_id) REFERENCES public.suggestions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT fk_attachments_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT fk_attachments_message_id FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT fk_audit_log_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bot_learning
    ADD CONSTRAINT fk_bot_learning_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bot_learning
    ADD CONSTRAINT fk_bot_learning_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bot_settings
    ADD CONSTRAINT fk_bot_settings_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bot_settings
    ADD CONSTRAINT fk_bot_settings_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bots
    ADD CONSTRAINT fk_bots_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_flow
    ADD CONSTRAINT fk_channel_flow_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_flow
    ADD CONSTRAINT fk_channel_flow_channel_id FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT fk_channels_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT fk_channels_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT fk_channels_team_id FOREIGN KEY (team_id) REFERENCES public.teams(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.contact_merges
    ADD CONSTRAINT fk_contact_merges_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.contact_merges
    ADD CONSTRAINT fk_contact_merges_kept_id FOREIGN KEY (kept_id) REFERENCES public.contacts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.contact_merges
    ADD CONSTRAINT fk_contact_merges_merged_id FOREIGN KEY (merged_id) REFERENCES public.contacts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT fk_contacts_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT fk_contacts_merged_into_id FOREIGN KEY (merged_into_id) REFERENCES public.contacts(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_assignee_id FOREIGN KEY (assignee_id) REFERENCES public.agents(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_channel_id FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_contact_id FOREIGN KEY (contact_id) REFERENCES public.contacts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_identity_id FOREIGN KEY (identity_id) REFERENCES public.identities(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_team_id FOREIGN KEY (team_id) REFERENCES public.teams(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.daily_figures
    ADD CONSTRAINT fk_daily_figures_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.days_counted
    ADD CONSTRAINT fk_days_counted_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT fk_dead_letters_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT fk_dead_letters_event_id FOREIGN KEY (event_id) REFERENCES public.webhook_events(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_channel_id FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_identity_id FOREIGN KEY (identity_id) REFERENCES public.identities(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_message_id FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT fk_delivery_attempts_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT fk_delivery_attempts_message_id FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.errands
    ADD CONSTRAINT fk_errands_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT fk_identities_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT fk_identities_contact_id FOREIGN KEY (contact_id) REFERENCES public.contacts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_chunks
    ADD CONSTRAINT fk_knowledge_chunks_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_chunks
    ADD CONSTRAINT fk_knowledge_chunks_edition FOREIGN KEY (edition) REFERENCES public.knowledge_editions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_chunks
    ADD CONSTRAINT fk_knowledge_chunks_source_id FOREIGN KEY (source_id) REFERENCES public.knowledge_sources(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_editions
    ADD CONSTRAINT fk_knowledge_editions_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_editions
    ADD CONSTRAINT fk_knowledge_editions_source_id FOREIGN KEY (source_id) REFERENCES public.knowledge_sources(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_sources
    ADD CONSTRAINT fk_knowledge_sources_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_sources
    ADD CONSTRAINT fk_knowledge_sources_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_vectors
    ADD CONSTRAINT fk_knowledge_vectors_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.knowledge_vectors
    ADD CONSTRAINT fk_knowledge_vectors_chunk_id FOREIGN KEY (chunk_id) REFERENCES public.knowledge_chunks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_author_id FOREIGN KEY (author_id) REFERENCES public.agents(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_channel_id FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT fk_notices_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT fk_notices_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.products
    ADD CONSTRAINT fk_products_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.provider_files
    ADD CONSTRAINT fk_provider_files_attachment_id FOREIGN KEY (attachment_id) REFERENCES public.attachments(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.provider_files
    ADD CONSTRAINT fk_provider_files_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.provider_files
    ADD CONSTRAINT fk_provider_files_channel_id FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.quote_lines
    ADD CONSTRAINT fk_quote_lines_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.quote_lines
    ADD CONSTRAINT fk_quote_lines_quote_id FOREIGN KEY (quote_id) REFERENCES public.quotes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT fk_quotes_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT fk_quotes_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT fk_quotes_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT fk_receipts_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT fk_receipts_channel_id FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT fk_receipts_message_id FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.rehearsal_items
    ADD CONSTRAINT fk_rehearsal_items_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.rehearsal_items
    ADD CONSTRAINT fk_rehearsal_items_case_id FOREIGN KEY (case_id) REFERENCES public.saved_cases(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.rehearsal_items
    ADD CONSTRAINT fk_rehearsal_items_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.rehearsal_items
    ADD CONSTRAINT fk_rehearsal_items_rehearsal_id FOREIGN KEY (rehearsal_id) REFERENCES public.rehearsals(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.rehearsals
    ADD CONSTRAINT fk_rehearsals_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.rehearsals
    ADD CONSTRAINT fk_rehearsals_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.reply_turns
    ADD CONSTRAINT fk_reply_turns_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.reply_turns
    ADD CONSTRAINT fk_reply_turns_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.saved_cases
    ADD CONSTRAINT fk_saved_cases_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.saved_cases
    ADD CONSTRAINT fk_saved_cases_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.saved_cases
    ADD CONSTRAINT fk_saved_cases_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.saved_replies
    ADD CONSTRAINT fk_saved_replies_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.suggestions
    ADD CONSTRAINT fk_suggestions_bot_id FOREIGN KEY (bot_id) REFERENCES public.bots(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.suggestions
    ADD CONSTRAINT fk_suggestions_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT fk_team_members_agent_id FOREIGN KEY (agent_id) REFERENCES public.agents(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT fk_team_members_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT fk_team_members_team_id FOREIGN KEY (team_id) REFERENCES public.teams(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.teams
    ADD CONSTRAINT fk_teams_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.templates
    ADD CONSTRAINT fk_templates_business_id FOREIGN KEY (business_id) REFERENCES public.businesses(id) ON DELETE CASCADE;
ALTER TABLE public.agent_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.agents ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ai_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.answer_figures ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.answer_outcomes ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.asked_questions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.bot_learning ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.bot_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.bots ENABLE ROW LEVEL SECURITY;
CREATE POLICY business ON public.agent_tokens TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.agents TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.ai_runs TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.alerts TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.answer_figures TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.answer_outcomes TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.api_keys TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.asked_questions TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.attachments TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.audit_log TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.bot_learning TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.bot_settings TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.bots TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.businesses TO bothub_app USING ((id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.channel_flow TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.channels TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.contact_merges TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.contacts TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.conversations TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.daily_figures TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.days_counted TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.dead_letters TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.deliveries TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.delivery_attempts TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.errands TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.identities TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.knowledge_chunks TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.knowledge_editions TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.knowledge_sources TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.knowledge_vectors TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.messages TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.notices TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.products TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.provider_files TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.quote_lines TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.quotes TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.receipts TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.rehearsal_items TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.rehearsals TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.reply_turns TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.saved_cases TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.saved_replies TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.suggestions TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.team_members TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.teams TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
CREATE POLICY business ON public.templates TO bothub_app USING ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif"))) WITH CHECK ((business_id = ( SELECT (NULLIF(current_setting('bothub.business_id'::text, true), ''::text))::bigint AS "nullif")));
ALTER TABLE public.businesses ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.channel_flow ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.channels ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.contact_merges ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.daily_figures ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.days_counted ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.delivery_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.errands ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.knowledge_chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.knowledge_editions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.knowledge_sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.knowledge_vectors ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.products ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.provider_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.quote_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.quotes ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.rehearsal_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.rehearsals ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.reply_turns ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.saved_cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.saved_replies ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.suggestions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.team_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.templates ENABLE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA public TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.agent_tokens TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.agents TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ai_runs TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alerts TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.answer_figures TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.answer_outcomes TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_keys TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.asked_questions TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.attachments TO bothub_app;
GRANT SELECT,INSERT ON TABLE public.audit_log TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bot_learning TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bot_settings TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bots TO bothub_app;
GRANT SELECT,UPDATE ON TABLE public.businesses TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.channel_flow TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.channels TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact_merges TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contacts TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conversations TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.daily_figures TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.days_counted TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dead_letters TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.deliveries TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.delivery_attempts TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.errands TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.identities TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.knowledge_chunks TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.knowledge_editions TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.knowledge_sources TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.knowledge_vectors TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.messages TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notices TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.products TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.provider_files TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.quote_lines TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.quotes TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.receipts TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rehearsal_items TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rehearsals TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.reply_turns TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_cases TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_replies TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.suggestions TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.team_members TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.teams TO bothub_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.templates TO bothub_app;
INSERT INTO public.alembic_version VALUES ('0034');
