-- What a message tells of its intent stays, whatever an answer event tells later. In rows whose answer came as an event
-- of its own the intent is the answer's.

alter table message add column told_intent integer;

do $body$
declare
    target uuid;
    known bigint;
    changed bigint;
begin
    for target in select workspace_id from workspace_registry loop
        perform set_config('app.workspace', target::text, true);
        select count(*) into known from message
        where intent is not null and (not message_received or answer_event_id <> event_id);
        update message set told_intent = intent, intent = null
        where workspace_id = target and intent is not null and (not message_received or answer_event_id <> event_id);
        get diagnostics changed = row_count;
        assert changed = known, format('%s of %s told intents were moved', changed, known);
    end loop;
    perform set_config('app.workspace', '', true);
end
$body$;
