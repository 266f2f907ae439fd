-- The session facts and the messages. Monthly tables are partitioned by list of month; a partition goes as a whole
-- when its month is no longer kept. No foreign keys between facts (R16).
-- Indexes are few because ingest pays for each. One unique B-tree holds the rows of a session together and also
-- guards against doubles; `event_key` is what finds a message by its id. What each costs stands in
-- docs/adr/0010-tables-and-indexes.md. BRIN by time would be cheaper to write, but in a table that many workspaces share
-- it would read the blocks of all of them.
-- Columns: always-there ones first, the widest leading, so that no byte is lost to alignment.

-- Unpartitioned: the name and the number of a session are unique over all months.
create table session_key (
    workspace_id uuid not null,
    session_id bigint not null,
    thread_id bigint,
    chatbot_id integer not null,
    month integer not null,
    session_ref text not null,
    primary key (workspace_id, chatbot_id, session_ref),
    unique (workspace_id, session_id)
);
create index session_key_by_thread on session_key (workspace_id, thread_id) where thread_id is not null;

create table session (
    workspace_id uuid not null,
    session_id bigint not null,
    cached_tokens bigint not null,
    confidence_ppm_sum bigint not null,
    idle_timeout_ms bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    response_ms_sum bigint not null,
    answers integer not null,
    bot_messages integer not null,
    chatbot_id integer not null,
    confidence_count integer not null,
    conversions integer not null,
    fallback_answers integer not null,
    fallback_known integer not null,
    goal_completions integer not null,
    human_messages integer not null,
    leads integer not null,
    month integer not null,
    operation_errors integer not null,
    operations integer not null,
    priced_answers integer not null,
    ratings integer not null,
    ratings_satisfied integer not null,
    replies integer not null,
    surveys integer not null,
    surveys_satisfied integer not null,
    thumbs_down integer not null,
    thumbs_up integer not null,
    token_answers integer not null,
    unanswered_answers integer not null,
    unanswered_known integer not null,
    user_messages integer not null,
    chatbot_type smallint not null,
    outcome_basis smallint not null,
    source smallint not null,
    handoff_failed boolean not null,
    is_bot boolean not null,
    opened boolean not null,
    answer_signal_at_ms bigint,
    awaiting_since_ms bigint,
    ended_at_ms bigint,
    handoff_performed_at_ms bigint,
    handoff_requested_at_ms bigint,
    last_activity_at_ms bigint,
    last_event_at_ms bigint,
    merged_into bigint,
    next_contact_at_ms bigint,
    own_visitor_id bigint,
    signal_at_ms bigint,
    started_at_ms bigint,
    thread_id bigint,
    visitor_id bigint,
    browser integer,
    campaign integer,
    city integer,
    confidence_ppm_last integer,
    confidence_ppm_min integer,
    country integer,
    current_intent integer,
    entry_point integer,
    language integer,
    operating_system integer,
    primary_intent integer,
    referrer integer,
    region integer,
    user_type integer,
    answer_signal smallint,
    channel smallint,
    device smallint,
    end_actor smallint,
    end_reason smallint,
    handoff_reason smallint,
    handoff_target smallint,
    last_answer smallint,
    plan smallint,
    signal smallint,
    authenticated boolean,
    end_resolved boolean,
    last_answer_id uuid,
    last_event_id uuid,
    open_runs text[] not null,
    pending text[],
    session_ref text not null,
    thread_ref text,
    primary key (workspace_id, session_id, month)
) partition by list (month);

create table session_cost (
    workspace_id uuid not null,
    session_id bigint not null,
    cost_nano bigint not null,
    day integer not null,
    month integer not null,
    currency text not null,
    primary key (workspace_id, session_id, currency, day, month)
) partition by list (month);

create table workflow_run (
    workspace_id uuid not null,
    session_id bigint not null,
    started_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    workflow integer not null,
    state smallint not null,
    ended_at_ms bigint,
    last_step integer,
    run_id text not null,
    primary key (workspace_id, session_id, workflow, run_id, month)
) partition by list (month);

create table event_key (
    workspace_id uuid not null,
    session_id bigint,
    month integer not null,
    event_id uuid not null,
    body_hash bytea,
    primary key (workspace_id, event_id)
);

create table message (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    role smallint not null,
    is_answer boolean not null,
    message_received boolean not null,
    proactive boolean not null,
    event_id uuid not null,
    message_id uuid not null,
    answer_at_ms bigint,
    cost_nano bigint,
    first_byte_at_ms bigint,
    response_ms bigint,
    thread_id bigint,
    visitor_id bigint,
    action integer,
    answer_intent integer,
    cached_tokens integer,
    confidence_ppm integer,
    input_tokens integer,
    intent integer,
    intent_confidence_ppm integer,
    knowledge_base_version integer,
    language integer,
    model integer,
    output_tokens integer,
    prompt_version integer,
    topic integer,
    answer_source smallint,
    fallback boolean,
    generic_failure boolean,
    low_confidence boolean,
    low_confidence_effective boolean,
    out_of_scope boolean,
    retrieval_failed boolean,
    unanswered boolean,
    uncertain boolean,
    answer_event_id uuid,
    corrects uuid,
    cost_currency text,
    session_ref text,
    text text,
    unique (workspace_id, session_id, message_id, month)
) partition by list (month);

create index session_by_start on session (workspace_id, started_at_ms);
create index session_by_visitor on session (workspace_id, visitor_id, chatbot_id, started_at_ms)
    where visitor_id is not null;
-- Sessions that an identify event has given to another visitor; the others are found by `visitor_id`.
create index session_by_own_visitor on session (workspace_id, own_visitor_id)
    where own_visitor_id is distinct from visitor_id;
-- Who is active now. A B-tree here would turn every message's update of its session into index work; BRIN does not
-- stand in the way of heap-only updates (Postgres 16 and later).
create index session_by_activity on session using brin (last_activity_at_ms)
    with (pages_per_range = 16, autosummarize = on);
create index message_by_time on message (workspace_id, occurred_at_ms);
