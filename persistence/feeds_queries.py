"""The statements of the feeds."""

TRY_LOCK = "select pg_try_advisory_xact_lock(:key)"

_SYSTEM = """(
    select ('x' || substr(md5(system_identifier::text || ':' || timeline_id::text), 1, 16))::bit(64)::bigint
    from pg_control_system(), pg_control_checkpoint()
)"""

OPEN = f"""
insert into feed (workspace_id, feed, epoch, system)
values (:workspace_id, :feed, gen_random_uuid(), {_SYSTEM})
on conflict (workspace_id, feed) do nothing
"""

RENEW = f"""
-- restored into another database system: its transaction ids mean nothing here, and cursors from after the backup
-- would skip what happens now; what waited was committed, so it can be numbered
with renewed as (
    update feed set epoch = gen_random_uuid(), system = {_SYSTEM}
    where workspace_id = :workspace_id and feed = :feed and system <> {_SYSTEM}
    returning 1
)
update feed_entry set transaction_id = '0'::xid8
where workspace_id = :workspace_id and feed = :feed and position is null and exists (select from renewed)
"""

NUMBER = """
-- transactions below the snapshot's xmin are over: of them nothing more can appear
with safe as (
    select entry_id, row_number() over (order by transaction_id, entry_id) as place
    from feed_entry
    where workspace_id = :workspace_id and feed = :feed and position is null
        and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    order by transaction_id, entry_id limit :most
), numbered as (
    update feed_entry set position = feed.last_position + safe.place
    from safe, feed
    where feed_entry.workspace_id = :workspace_id and feed_entry.entry_id = safe.entry_id
        and feed.workspace_id = :workspace_id and feed.feed = :feed
    returning 1
), moved as (
    update feed set last_position = last_position + (select count(*) from safe)
    where workspace_id = :workspace_id and feed = :feed and exists (select from safe)
)
select count(*) from numbered
"""

REPLACED = """
-- of each entity just numbered the entry with the last position stays, at the highest version: a transaction that
-- began early may have written the newer one
with latest as (
    select entity_id, max(position) as position, max(version) as version
    from feed_entry
    where workspace_id = :workspace_id and feed = :feed and position is not null and entity_id in (
        select entity_id from feed_entry
        where workspace_id = :workspace_id and feed = :feed and position > (
            select last_position - :numbered from feed where workspace_id = :workspace_id and feed = :feed
        )
    )
    group by entity_id
), raised as (
    update feed_entry set version = latest.version from latest
    where feed_entry.workspace_id = :workspace_id and feed_entry.feed = :feed
        and feed_entry.entity_id = latest.entity_id and feed_entry.position = latest.position
        and feed_entry.version < latest.version
)
delete from feed_entry using latest
where feed_entry.workspace_id = :workspace_id and feed_entry.feed = :feed
    and feed_entry.entity_id = latest.entity_id and feed_entry.position < latest.position
"""

STATE = """
select epoch, last_position, removed_through from feed where workspace_id = :workspace_id and feed = :feed
"""

READ = """
select position, entity_id, version from feed_entry
where workspace_id = :workspace_id and feed = :feed and position > :after
order by position limit :limit
"""

LAG = """
select
    coalesce(extract(epoch from clock_timestamp() - (
        select min(created_at) from feed_entry
        where workspace_id = :workspace_id and feed = :feed and position is null
    )), 0) as lag_seconds,
    coalesce(extract(epoch from clock_timestamp() - (
        select min(xact_start) from pg_stat_activity where backend_xid is not null
    )), 0) as blocking_seconds
"""
