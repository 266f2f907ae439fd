-- A language that was detected gives way to one that is told later, so a session says which of the two it has.
-- `change_reader`: how far a job behind ingest has read the change log.

alter table session add column language_detected boolean not null default false;

create table change_reader (
    workspace_id uuid not null,
    reader text not null,
    read_through bigint not null,
    primary key (workspace_id, reader)
);
alter table change_reader enable row level security;
alter table change_reader force row level security;
create policy tenant on change_reader
    using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
    with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);
revoke all on change_reader from public;
grant select, insert, update, delete on change_reader to parlance_app;

do $body$
begin
    if exists (select from pg_roles where rolname = 'parlance_backup') then
        grant select on change_reader to parlance_backup;
    end if;
end
$body$;
