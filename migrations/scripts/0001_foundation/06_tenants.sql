-- One policy for every table that holds a workspace's data, and what the app and backup roles may do.
-- `nullif`: after a commit the setting is an empty string, not null, and must then match nothing.

do $body$
declare
    target text;
begin
    for target in
        select relname from pg_class
        where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace
            and relname not in ('alembic_version', 'workspace_registry', 'job')
    loop
        execute format('alter table %I enable row level security', target);
        execute format('alter table %I force row level security', target);
        execute format($policy$
            create policy tenant on %I
                using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
                with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
            $policy$, target);
        execute format('revoke all on %I from public', target);
        execute format('grant select, insert, update, delete on %I to parlance_app', target);
    end loop;
end
$body$;

revoke delete on api_key, workspace, data_key from parlance_app;
revoke update, delete on audit_entry from parlance_app;

grant select, insert on workspace_registry to parlance_app;
grant select, insert, update, delete on job to parlance_app;
grant select on alembic_version to parlance_app;
grant execute on function ensure_month(integer), refresh_statistics(integer), monthly_tables(), month_suffix(integer)
    to parlance_app;
grant usage on schema public to parlance_app;
-- Everybody has these by default; where that was taken away, ingest still needs its staging tables. Roles other than
-- the database's owner cannot grant them, and are warned by Postgres.
do $body$
begin
    execute format('grant connect, temporary on database %I to parlance_app', current_database());
end
$body$;

do $body$
begin
    if exists (select from pg_roles where rolname = 'parlance_backup') then
        grant usage on schema public to parlance_backup;
        grant select on all tables in schema public to parlance_backup;
        grant select on all sequences in schema public to parlance_backup;
    end if;
end
$body$;
