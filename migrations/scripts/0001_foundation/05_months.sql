-- Months are partitions. The app role may ask for the partitions of a month, but owns none of them and may not read
-- them by name: the policy of the parent would not apply there.

create function ensure_month(wanted integer) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
    set lock_timeout = '10s'
as $body$
declare
    earliest constant integer := 2000 * 12;
    latest constant integer := extract(year from now() at time zone 'UTC')::integer * 12
        + extract(month from now() at time zone 'UTC')::integer - 1 + 2;
    suffix constant text := month_suffix(wanted);
    parent text;
    partition text;
    created boolean := false;
begin
    if wanted is null or wanted not between earliest and latest then
        raise exception 'month % is out of bounds: allowed are % to %', wanted, earliest, latest
            using errcode = 'numeric_value_out_of_range';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('parlance ensure_month', 0));
    for parent in
        select relname from pg_class
        where relkind = 'p' and relnamespace = 'public'::regnamespace and relname = any (monthly_tables())
    loop
        partition := parent || suffix;
        continue when to_regclass('public.' || quote_ident(partition)) is not null;
        -- Made apart and attached: creating it in place would stop every reader and writer of the parent.
        execute format('create table public.%I (like public.%I including defaults including constraints) with (%s)',
            partition, parent, case when parent = 'session' then 'fillfactor = 60' else 'fillfactor = 100' end);
        execute format('revoke all on public.%I from public', partition);
        execute format('alter table public.%I attach partition public.%I for values in (%s)',
            parent, partition, wanted);
        created := true;
    end loop;
    return created;
end
$body$;

create function monthly_tables() returns text[]
    language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $body$
    select array[
        'session', 'session_cost', 'workflow_run', 'message', 'retrieval', 'operation', 'workflow_step', 'feedback',
        'handoff', 'ticket', 'goal_completion', 'lead_capture', 'exposure', 'release', 'probe', 'cost_correction',
        'identification', 'session_end', 'session_start'
    ]
$body$;

-- A table that was empty a moment ago has no statistics, and a plan made now is kept: with equal costs the planner may
-- read a whole workspace for each row that it looks up. Autovacuum comes only after a minute; whoever fills a month
-- fast asks for statistics after its first thousands of rows.
create function refresh_statistics(wanted integer) returns void
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
    set lock_timeout = '1s'
as $body$
declare
    growing constant text[] := array[
        'event_key', 'session_key', 'visitor', 'visitor_chatbot', 'thread', 'loose_event', 'label', 'fact_change'
    ];
    target text;
begin
    for target in
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' and (
            relname = any (growing) or relname in (
                select parent || month_suffix(wanted) from unnest(monthly_tables()) as parent
            )
        )
        order by relname
    loop
        execute format('analyze public.%I', target);
    end loop;
end
$body$;

create function month_suffix(wanted integer) returns text
    language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $body$
    select '_y' || (wanted / 12)::text || 'm' || lpad((wanted % 12 + 1)::text, 2, '0')
$body$;

revoke all on function ensure_month(integer), refresh_statistics(integer) from public;
