SELECT /* session_cost, now */ $1::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  rows_0.d0 AS d0,
  rows_0.currency AS currency,
  rows_0.day AS day,
  CAST(NULL AS BIGINT) AS m0,
  CAST(sum(rows_0.row_cost_nano) AS NUMERIC(38, 0)) AS x0
FROM (SELECT CAST(CASE WHEN (turns_0.model IS NULL) THEN $2::INTEGER ELSE turns_0.model END AS INTEGER) AS d0, fact.currency AS currency, CASE WHEN (fact.currency = $3::VARCHAR) THEN $4::INTEGER ELSE fact.day END AS day, fact.cost_nano AS row_cost_nano, session.session_id AS session_session_id
FROM session_cost AS fact
JOIN session AS session ON session.workspace_id = fact.workspace_id
AND session.month = fact.month
AND session.session_id = fact.session_id
JOIN (SELECT DISTINCT turn.session_id AS session_id, turn.model AS model
FROM message AS turn
WHERE turn.workspace_id = $5::UUID AND turn.session_id IS NOT NULL AND turn.is_answer IS true AND turn.occurred_at_ms >= $6::BIGINT) AS turns_0 ON turns_0.session_id = session.session_id
WHERE fact.workspace_id = $5::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($15::SMALLINT)
AND session.started_at_ms >= $6::BIGINT
AND session.started_at_ms < $7::BIGINT) AS rows_0
GROUP BY rows_0.d0, rows_0.currency, rows_0.day
UNION ALL SELECT /* session, now */ $8::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  rows_1.d0 AS d0,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $9::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis IN ($16::SMALLINT) OR rows_1.session_outcome_basis = $10::BIGINT AND (rows_1.session_next_contact_at_ms - rows_1.session_last_activity_at_ms < $11::BIGINT) IS NOT true) AND (rows_1.session_answers = $12::BIGINT OR rows_1.session_priced_answers >= $13::BIGINT)) AS m0,
  CAST(NULL AS NUMERIC(38, 0)) AS x0
FROM (SELECT CAST(CASE WHEN (turns_0.model IS NULL) THEN $14::INTEGER ELSE turns_0.model END AS INTEGER) AS d0, session.ended_at_ms AS session_ended_at_ms, session.last_activity_at_ms AS session_last_activity_at_ms, session.idle_timeout_ms AS session_idle_timeout_ms, session.outcome_basis AS session_outcome_basis, session.next_contact_at_ms AS session_next_contact_at_ms, session.answers AS session_answers, session.priced_answers AS session_priced_answers, session.session_id AS session_session_id
FROM session AS session
JOIN (SELECT DISTINCT turn.session_id AS session_id, turn.model AS model
FROM message AS turn
WHERE turn.workspace_id = $5::UUID AND turn.session_id IS NOT NULL AND turn.is_answer IS true AND turn.occurred_at_ms >= $6::BIGINT) AS turns_0 ON turns_0.session_id = session.session_id
WHERE session.workspace_id = $5::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($17::SMALLINT)
AND session.started_at_ms >= $6::BIGINT
AND session.started_at_ms < $7::BIGINT) AS rows_1
GROUP BY rows_1.d0
