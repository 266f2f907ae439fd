-- Filters kept under a name, to be used in any question. `definition`: the filter as canonical JSON.

create table segment (
    workspace_id uuid not null references workspace,
    segment_id uuid not null,
    name text not null check (length(name) between 1 and 120),
    description text,
    definition text not null,
    version integer not null default 1,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (workspace_id, segment_id)
);
create unique index segment_name on segment (workspace_id, name) where archived_at is null;

alter table segment enable row level security;
alter table segment force row level security;
create policy tenant on segment
    using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
    with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);
revoke all on segment from public;
grant select, insert, update, delete on segment to parlance_app;

do $body$
begin
    if exists (select from pg_roles where rolname = 'parlance_backup') then
        grant select on segment to parlance_backup;
    end if;
end
$body$;
