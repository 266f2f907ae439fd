-- Corrections that no bot told are detected from what the visitor wrote. Chatbots that are there already keep their
-- figures as they were (0: no detector), until somebody switches it on from a moment on.

alter table message add column detected_correction smallint;

alter table session
    add column last_answer_asks boolean not null default false,
    add column question_words integer[];

alter table chatbot_setting add column correction_detector smallint not null default 0;
