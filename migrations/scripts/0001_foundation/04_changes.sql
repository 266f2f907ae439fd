-- What changed, the public feeds, the queue and the wrapped keys.
-- Writers only append and touch no shared row; xid8 compared with a snapshot's xmin tells what is safely complete.

create table fact_change (
    workspace_id uuid not null,
    change_id bigint generated always as identity,
    transaction_id xid8 not null default pg_current_xact_id(),
    changed_at timestamptz not null default now(),
    month integer not null,
    subject smallint not null,
    ids bigint[] not null
);
create index fact_change_by_transaction on fact_change (workspace_id, transaction_id);

create table change_horizon (
    workspace_id uuid primary key,
    trimmed_below xid8 not null
);

create table feed (
    workspace_id uuid not null,
    feed smallint not null,
    epoch uuid not null,
    system bigint not null,
    last_position bigint not null default 0,
    removed_through bigint not null default 0,
    primary key (workspace_id, feed)
);

create table feed_entry (
    workspace_id uuid not null,
    entry_id bigint generated always as identity,
    position bigint,
    transaction_id xid8 not null default pg_current_xact_id(),
    entity_id bigint not null,
    version bigint not null,
    created_at timestamptz not null default now(),
    feed smallint not null,
    primary key (workspace_id, entry_id),
    unique (workspace_id, feed, position)
);
create index feed_entry_by_entity on feed_entry (workspace_id, feed, entity_id);
create index feed_entry_unnumbered on feed_entry (workspace_id, feed, transaction_id) where position is null;

-- A plain table without Row-Level Security: a claim looks over all workspaces (SKIP LOCKED across tenants is refused
-- on distributed tables). It holds surrogate ids only; the payload is encrypted with its workspace's key.
create table job (
    job_id uuid primary key,
    kind text not null check (length(kind) between 1 and 80),
    workspace_id uuid,
    unique_key text check (length(unique_key) between 1 and 200),
    priority smallint not null default 0,
    state smallint not null default 1 check (state between 1 and 4),
    attempts integer not null default 0,
    most_attempts integer not null default 10 check (most_attempts > 0),
    due_at timestamptz not null default now(),
    lease_until timestamptz,
    token uuid,
    payload bytea not null default '',
    last_error text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    check ((state = 2) = (token is not null and lease_until is not null)),
    check (workspace_id is not null or payload = '')
) with (fillfactor = 70);
create index job_due on job (priority desc, due_at) where state = 1;
create index job_leased on job (lease_until) where state = 2;
create index job_finished on job (finished_at) where state in (3, 4);
-- Among the waiting ones only: a job that runs may have read before the newest cause, so that cause adds another.
create unique index job_unique_key on job (kind, unique_key) where unique_key is not null and state = 1;
create index job_by_workspace on job (workspace_id, finished_at) where state = 4;

create table data_key (
    workspace_id uuid not null references workspace,
    version smallint not null check (version between 1 and 255),
    master_key_id bytea not null check (octet_length(master_key_id) = 8),
    wrapped bytea not null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, version)
);
