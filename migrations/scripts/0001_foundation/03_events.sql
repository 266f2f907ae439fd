-- What bots report beside messages: one monthly table per kind, read back by session, scanned by time.

create table retrieval (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    error boolean not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    duration_ms integer,
    hits integer,
    threshold_ppm integer,
    top_score_ppm integer,
    failed boolean,
    used boolean,
    message_id uuid,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table operation (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    attempt integer not null,
    chatbot_id integer not null,
    month integer not null,
    operation integer not null,
    operation_class smallint not null,
    status smallint not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    duration_ms integer,
    fault smallint,
    message_id uuid,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table workflow_step (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    workflow integer not null,
    state smallint not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    step integer,
    run_id text not null,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table feedback (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    scale integer not null,
    score integer not null,
    instrument smallint not null,
    superseded boolean not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    message_id uuid,
    comment text,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table handoff (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    state smallint not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    correct_queue integer,
    queue integer,
    reason smallint,
    target smallint,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table ticket (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    state smallint not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    queue integer,
    session_ref text,
    ticket_ref text not null,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table goal_completion (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    goal integer not null,
    month integer not null,
    resolves boolean not null,
    converts boolean not null,
    event_id uuid not null,
    thread_id bigint,
    value_nano bigint,
    visitor_id bigint,
    session_ref text,
    value_currency text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table lead_capture (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    consent boolean,
    company text,
    email text,
    identity_key text,
    interest text,
    lawful_basis text,
    lead_ref text not null,
    name text,
    phone text,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table exposure (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    experiment integer not null,
    month integer not null,
    variant integer not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    payload_hash text,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table release (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    version integer not null,
    kind smallint not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    note text,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table probe (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    component integer not null,
    month integer not null,
    up boolean not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    duration_ms integer,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table cost_correction (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    cost_nano bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    event_id uuid not null,
    message_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    cost_currency text not null,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table identification (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    known_visitor_id bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    relink boolean not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    user_type integer,
    authenticated boolean,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table session_end (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    actor smallint not null,
    reason smallint not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    resolved boolean,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create table session_start (
    workspace_id uuid not null,
    session_id bigint,
    occurred_at_ms bigint not null,
    received_at_ms bigint not null,
    chatbot_id integer not null,
    month integer not null,
    opens boolean not null,
    event_id uuid not null,
    thread_id bigint,
    visitor_id bigint,
    browser integer,
    campaign integer,
    city integer,
    country integer,
    entry_point integer,
    language integer,
    operating_system integer,
    referrer integer,
    region integer,
    user_type integer,
    channel smallint,
    device smallint,
    source smallint,
    authenticated boolean,
    is_bot boolean,
    session_ref text,
    unique (workspace_id, session_id, event_id, month)
) partition by list (month);

create index retrieval_by_time on retrieval (workspace_id, occurred_at_ms);
create index operation_by_time on operation (workspace_id, occurred_at_ms);
create index workflow_step_by_time on workflow_step (workspace_id, occurred_at_ms);
create index feedback_by_time on feedback (workspace_id, occurred_at_ms);
create index handoff_by_time on handoff (workspace_id, occurred_at_ms);
create index ticket_by_time on ticket (workspace_id, occurred_at_ms);
create index goal_completion_by_time on goal_completion (workspace_id, occurred_at_ms);
create index lead_capture_by_time on lead_capture (workspace_id, occurred_at_ms);
create index exposure_by_time on exposure (workspace_id, occurred_at_ms);
create index release_by_time on release (workspace_id, occurred_at_ms);
create index probe_by_time on probe (workspace_id, occurred_at_ms);
create index cost_correction_by_time on cost_correction (workspace_id, occurred_at_ms);
create index identification_by_time on identification (workspace_id, occurred_at_ms);
create index session_end_by_time on session_end (workspace_id, occurred_at_ms);
create index session_start_by_time on session_start (workspace_id, occurred_at_ms);
create index identification_by_visitor on identification (workspace_id, visitor_id);
create index lead_capture_by_lead on lead_capture (workspace_id, chatbot_id, lead_ref);
