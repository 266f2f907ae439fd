-- What is stored already, derived as the fold does it, workspace by workspace under its policy.

do $body$
declare
    target uuid;
    known bigint;
    changed bigint;
begin
    for target in select workspace_id from workspace_registry loop
        perform set_config('app.workspace', target::text, true);

        create temporary table question on commit drop as
        with turn as (
            select month, event_id, session_id, occurred_at_ms, role, unanswered,
                role = 1 and (lag(role) over in_order) is distinct from 1 as begins
            from message
            where message_received and session_id is not null and (role in (1, 3) or is_answer)
            window in_order as (partition by session_id order by occurred_at_ms, event_id)
        ), numbered as (
            select *, count(*) filter (where begins) over in_order as number
            from turn
            window in_order as (partition by session_id order by occurred_at_ms, event_id)
        )
        select *,
            min(occurred_at_ms) filter (where begins) over (partition by session_id, number) as at_ms,
            lag(unanswered) over (partition by session_id, number, role = 2 order by occurred_at_ms, event_id) as before,
            number = max(number) over (partition by session_id) as stands,
            row_number() over (partition by session_id order by occurred_at_ms desc, event_id desc) as from_end
        from numbered;
        delete from question where number = 0 or (role <> 2 and not begins);

        select count(*) into known from question;
        update message m set
            question_at_ms = q.at_ms,
            question_judged =
                case when q.role = 2 then (q.unanswered is not null)::int - (q.before is not null)::int end,
            question_unanswered =
                case when q.role = 2 then coalesce(q.unanswered, false)::int - coalesce(q.before, false)::int end
        from question q
        where m.workspace_id = target and m.month = q.month and m.event_id = q.event_id;
        get diagnostics changed = row_count;
        assert changed = known, format('%s of %s messages of questions were found', changed, known);

        update session s set question_at_ms = last.at_ms, question_unanswered = last.unanswered
        from (
            select distinct on (session_id) session_id, at_ms, case when role = 2 then unanswered end as unanswered
            from question where stands order by session_id, from_end
        ) last
        where s.workspace_id = target and s.session_id = last.session_id;
        drop table question;

        select count(*) into known from workflow_run where last_step is not null;
        update workflow_run r set last_step_at_ms = found.at_ms
        from (
            select session_id, workflow, run_id, max(occurred_at_ms) as at_ms
            from workflow_step where step is not null and session_id is not null group by 1, 2, 3
        ) found
        where r.workspace_id = target and r.session_id = found.session_id and r.workflow = found.workflow
            and r.run_id = found.run_id and r.last_step is not null;
        get diagnostics changed = row_count;
        assert changed = known, format('%s of %s workflow runs were found', changed, known);
    end loop;
    perform set_config('app.workspace', '', true);
end
$body$;
