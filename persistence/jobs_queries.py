"""The statements of the queue. Time is always the database's own clock (R18); states are those of `JobState`.

A job that goes back to waiting while another of its key waits already is done by that one, and ends.
"""

_ONE_WAITS = """exists (
        select from job as same
        where same.kind = job.kind and same.unique_key = job.unique_key and same.state = 1 and same.job_id <> job.job_id
    )"""

REAP = f"""
-- leases that ran out: the worker died or was cut off; of one key one at a time, so that the next sees it waiting
update job set
    state = case when {_ONE_WAITS} then 3 when attempts >= most_attempts then 4 else 1 end,
    finished_at = case when {_ONE_WAITS} or attempts >= most_attempts then clock_timestamp() end,
    due_at = clock_timestamp() + cast(:delay as interval),
    last_error = 'the worker died or lost its lease',
    token = null, lease_until = null
where job_id in (
    select job_id from job as late
    where state = 2 and lease_until < clock_timestamp() and not exists (
        select from job as same
        where same.kind = late.kind and same.unique_key = late.unique_key and same.state = 2
            and same.lease_until < clock_timestamp() and same.job_id < late.job_id
    )
    order by lease_until limit 100 for update skip locked
)
"""

CLAIM = """
-- the most urgent jobs that nobody else is just taking
update job set
    state = 2, attempts = attempts + 1, token = gen_random_uuid(),
    lease_until = clock_timestamp() + cast(:lease as interval)
where job_id in (
    select job_id from job
    where state = 1 and due_at <= clock_timestamp() and kind = any (cast(:kinds as text[]))
    order by priority desc, due_at limit :count for update skip locked
)
returning job_id, kind, workspace_id, token, attempts, most_attempts, payload,
    extract(epoch from clock_timestamp() - created_at)::float8 as age_s
"""

HOLD = "select 1 from job where job_id = :job_id and token = :token and state = 2 for update"

COMPLETE = """
update job set state = 3, finished_at = clock_timestamp(), token = null, lease_until = null, last_error = null
where job_id = :job_id and token = :token and state = 2 returning 1
"""

RESCHEDULE = f"""
-- one of the same key that waits already takes this one's work over, and its age
with heir as (
    update job as same set created_at = job.created_at from job
    where job.job_id = :job_id and job.token = :token and job.state = 2
        and same.kind = job.kind and same.unique_key = job.unique_key and same.state = 1
        and same.created_at > job.created_at
)
update job set
    state = case when {_ONE_WAITS} then 3 else 1 end,
    finished_at = case when {_ONE_WAITS} then clock_timestamp() end,
    attempts = 0, due_at = clock_timestamp() + cast(:delay as interval),
    token = null, lease_until = null, last_error = null
where job_id = :job_id and token = :token and state = 2 returning 1
"""

EXTEND = """
update job set lease_until = clock_timestamp() + cast(:lease as interval)
where job_id = :job_id and token = :token and state = 2 returning 1
"""

RELEASE = f"""
update job set
    state = case when {_ONE_WAITS} then 3 else 1 end,
    finished_at = case when {_ONE_WAITS} then clock_timestamp() end,
    attempts = attempts - 1, due_at = clock_timestamp(), token = null, lease_until = null
where job_id = :job_id and token = :token and state = 2 returning 1
"""

FAIL = f"""
update job set
    state = case when :buried then 4 when {_ONE_WAITS} then 3 else 1 end,
    finished_at = case when :buried or {_ONE_WAITS} then clock_timestamp() end,
    due_at = clock_timestamp() + cast(:delay as interval),
    last_error = :reason, token = null, lease_until = null
where job_id = :job_id and token = :token and state = 2 returning state
"""

REVIVE = f"""
update job set state = 1, attempts = 0, due_at = clock_timestamp(), finished_at = null
where job_id = :job_id and workspace_id = :workspace_id and state = 4 and not {_ONE_WAITS}
"""

SWEEP = """
delete from job where job_id in (
    select job_id from job
    where state = 3 and finished_at < clock_timestamp() - cast(:done_for as interval)
        or state = 4 and finished_at < clock_timestamp() - cast(:buried_for as interval)
    limit 10000
)
"""
