-- A question is a burst of user messages. Its first message and each of its answers carry its time; each answer tells by
-- how much it changes whether the question is judged (flags known) and unanswered, so that sums tell its last answer.

alter table message
    add column question_at_ms bigint,
    add column question_judged smallint,
    add column question_unanswered smallint;

alter table session
    add column question_at_ms bigint,
    add column question_unanswered boolean;

alter table workflow_run
    add column last_step_at_ms bigint;
