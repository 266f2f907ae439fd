-- Workspaces, what belongs to them by name, and who may come in.
-- The workspace leads every primary, unique and foreign key, so that Citus can distribute all of this later (there
-- `workspace` is a reference table). Foreign keys stand among these small tables only, never between facts.

create table workspace_registry (
    workspace_id uuid primary key,
    created_at timestamptz not null default now()
);

create table workspace (
    workspace_id uuid primary key,
    name text not null check (length(name) between 1 and 120),
    time_zone text not null default 'UTC',
    week_start smallint not null default 1 check (week_start between 1 and 7),
    reporting_currency text not null default 'USD' check (reporting_currency ~ '^[A-Z]{3}$'),
    idle_timeout_ms bigint not null default 1800000 check (idle_timeout_ms > 0),
    creates_chatbots boolean not null default true,
    primary_instrument smallint,
    billing_day smallint not null default 1 check (billing_day between 1 and 28),
    text_kept_months integer not null default 13 check (text_kept_months > 0),
    facts_kept_months integer not null default 60 check (facts_kept_months > 0),
    fact_kept_from_ms bigint,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- One row a workspace, moved under its lock.
create table workspace_counter (
    workspace_id uuid primary key references workspace,
    next_session_id bigint not null default 1,
    next_visitor_id bigint not null default 1,
    next_thread_id bigint not null default 1,
    next_lead_id bigint not null default 1,
    ingest_generation bigint not null default 0,
    next_chatbot_id integer not null default 1,
    next_label_code integer not null default 1
) with (fillfactor = 50);

create table chatbot (
    workspace_id uuid not null references workspace,
    chatbot_id integer not null,
    slug text not null check (length(slug) between 1 and 128),
    name text not null check (length(name) between 1 and 128),
    chatbot_type smallint not null,
    enabled boolean not null default true,
    declared_reports integer[] not null default '{}',
    observed_reports integer[] not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace_id, chatbot_id),
    unique (workspace_id, slug)
);

create table chatbot_setting (
    workspace_id uuid not null,
    chatbot_id integer not null,
    effective_from_ms bigint not null,
    idle_timeout_ms bigint not null default 1800000 check (idle_timeout_ms > 0),
    unanswered_below_ppm integer not null default 700000 check (unanswered_below_ppm between 0 and 1000000),
    fallback_below_ppm integer not null default 700000 check (fallback_below_ppm between 0 and 1000000),
    fallback_version integer not null default 1,
    failure_phrases text[] not null default '{}',
    failure_actions text[] not null default '{}',
    uncertain_phrases text[] not null default '{}',
    uncertain_actions text[] not null default '{}',
    plan smallint,
    created_at timestamptz not null default now(),
    primary key (workspace_id, chatbot_id, effective_from_ms),
    foreign key (workspace_id, chatbot_id) references chatbot
);

-- Unique by digest: a text may be longer than an index entry can be.
create table label (
    workspace_id uuid not null references workspace,
    dimension smallint not null,
    code integer not null,
    text_digest bytea not null check (octet_length(text_digest) = 16),
    text text not null,
    primary key (workspace_id, dimension, code),
    unique (workspace_id, dimension, text_digest)
);

create table goal_definition (
    workspace_id uuid not null references workspace,
    goal integer not null,
    name text not null,
    title text not null,
    description text,
    is_conversion boolean not null default true,
    resolves boolean not null default false,
    value_nano bigint,
    value_currency text,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace_id, goal),
    unique (workspace_id, name),
    check ((value_nano is null) = (value_currency is null))
);

create table plan_definition (
    workspace_id uuid not null references workspace,
    plan smallint not null,
    effective_from_ms bigint not null,
    sessions bigint check (sessions >= 0),
    messages bigint check (messages >= 0),
    leads bigint check (leads >= 0),
    storage_bytes bigint check (storage_bytes >= 0),
    chatbots bigint check (chatbots >= 0),
    created_at timestamptz not null default now(),
    primary key (workspace_id, plan, effective_from_ms)
);

create table exchange_rate (
    workspace_id uuid not null references workspace,
    base_currency text not null,
    quote_currency text not null,
    effective_day integer not null,
    rate numeric(30, 12) not null check (rate > 0),
    created_at timestamptz not null default now(),
    primary key (workspace_id, base_currency, quote_currency, effective_day)
);

create table visitor (
    workspace_id uuid not null,
    visitor_id bigint not null,
    first_seen_at_ms bigint,
    identified boolean not null default false,
    key text not null,
    primary key (workspace_id, visitor_id),
    unique (workspace_id, key)
);

create table visitor_chatbot (
    workspace_id uuid not null,
    visitor_id bigint not null,
    first_seen_at_ms bigint,
    chatbot_id integer not null,
    primary key (workspace_id, visitor_id, chatbot_id)
);

create table thread (
    workspace_id uuid not null,
    thread_id bigint not null,
    chatbot_id integer not null,
    thread_ref text not null,
    primary key (workspace_id, thread_id),
    unique (workspace_id, chatbot_id, thread_ref)
);

-- Events placed by time or waiting for what they name: found here by any of their pointers.
create table loose_event (
    workspace_id uuid not null,
    occurred_at_ms bigint not null,
    session_id bigint,
    thread_id bigint,
    visitor_id bigint,
    month integer not null,
    chatbot_id integer not null,
    kind smallint not null,
    event_id uuid not null,
    message_key uuid,
    session_ref text,
    primary key (workspace_id, event_id)
);
create index loose_event_by_thread on loose_event (workspace_id, thread_id, occurred_at_ms)
    where thread_id is not null;
create index loose_event_by_visitor on loose_event (workspace_id, chatbot_id, visitor_id, occurred_at_ms)
    where visitor_id is not null;
create index loose_event_by_message on loose_event (workspace_id, message_key) where message_key is not null;
create index loose_event_by_session_ref on loose_event (workspace_id, chatbot_id, session_ref)
    where session_ref is not null;

create table api_key (
    workspace_id uuid not null references workspace,
    key_id uuid not null,
    kind smallint not null check (kind in (1, 2)),
    name text not null check (length(name) between 1 and 120),
    hint text not null,
    secret_hash bytea not null check (octet_length(secret_hash) = 32),
    scopes text[] not null,
    chatbot_ids integer[],
    origins text[] not null default '{}',
    rate_per_minute integer check (rate_per_minute > 0),
    created_at timestamptz not null default now(),
    created_by uuid,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    primary key (workspace_id, key_id),
    unique (workspace_id, secret_hash)
);

-- The app role may add entries, never change them (P36).
create table audit_entry (
    workspace_id uuid not null references workspace,
    position bigint not null,
    occurred_at timestamptz not null,
    actor_kind smallint not null,
    actor_key_id uuid,
    action text not null check (length(action) <= 80),
    target text,
    detail text not null default '{}' check (length(detail) <= 4000),
    previous_hash bytea not null check (octet_length(previous_hash) = 32),
    entry_hash bytea not null check (octet_length(entry_hash) = 32),
    primary key (workspace_id, position)
);

create table saved_query (
    workspace_id uuid not null references workspace,
    saved_query_id uuid not null,
    name text not null check (length(name) between 1 and 120),
    description text,
    current_version integer not null default 1,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (workspace_id, saved_query_id)
);
create unique index saved_query_name on saved_query (workspace_id, name) where archived_at is null;

create table saved_query_version (
    workspace_id uuid not null,
    saved_query_id uuid not null,
    version integer not null,
    definition text not null,
    created_by uuid,
    created_at timestamptz not null default now(),
    primary key (workspace_id, saved_query_id, version),
    foreign key (workspace_id, saved_query_id) references saved_query
);

create table lead (
    workspace_id uuid not null,
    lead_id bigint not null,
    version bigint not null default 1,
    captured_at_ms bigint not null,
    captured_session_id bigint,
    updated_at_ms bigint not null,
    chatbot_id integer not null,
    captured_month integer not null,
    consent boolean,
    lead_ref text not null,
    name text,
    email text,
    phone text,
    company text,
    interest text,
    lawful_basis text,
    identity_key text,
    primary key (workspace_id, lead_id),
    unique (workspace_id, chatbot_id, lead_ref)
);
create index lead_by_identity on lead (workspace_id, identity_key) where identity_key is not null;
create index lead_by_capture on lead (workspace_id, captured_at_ms);
