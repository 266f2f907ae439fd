SELECT /* session, now */ $1::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $2::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis IN ($29::SMALLINT) OR rows_0.session_outcome_basis = $3::BIGINT AND (rows_0.session_next_contact_at_ms - rows_0.session_last_activity_at_ms < $4::BIGINT) IS NOT true)) AS m0,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $5::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis = $6::BIGINT) IS NOT true) AS m1,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $7::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis = $8::BIGINT) IS NOT true AND (rows_0.session_outcome_basis IN ($30::SMALLINT)) IS NOT true AND (rows_0.session_outcome_basis = $9::BIGINT) IS NOT true) AS m2,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $10::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis = $11::BIGINT) IS NOT true AND (rows_0.session_outcome_basis IN ($31::SMALLINT)) IS NOT true) AS m3
FROM (SELECT session.ended_at_ms AS session_ended_at_ms, session.last_activity_at_ms AS session_last_activity_at_ms, session.idle_timeout_ms AS session_idle_timeout_ms, session.outcome_basis AS session_outcome_basis, session.next_contact_at_ms AS session_next_contact_at_ms
FROM session AS session
WHERE session.workspace_id = $12::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($32::SMALLINT)
AND session.started_at_ms >= $13::BIGINT
AND session.started_at_ms < $14::BIGINT) AS rows_0
UNION ALL SELECT /* session, previous */ $15::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $16::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis IN ($33::SMALLINT) OR rows_1.session_outcome_basis = $17::BIGINT AND (rows_1.session_next_contact_at_ms - rows_1.session_last_activity_at_ms < $18::BIGINT) IS NOT true)) AS m0,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $19::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis = $20::BIGINT) IS NOT true) AS m1,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $21::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis = $22::BIGINT) IS NOT true AND (rows_1.session_outcome_basis IN ($34::SMALLINT)) IS NOT true AND (rows_1.session_outcome_basis = $23::BIGINT) IS NOT true) AS m2,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $24::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis = $25::BIGINT) IS NOT true AND (rows_1.session_outcome_basis IN ($35::SMALLINT)) IS NOT true) AS m3
FROM (SELECT session.ended_at_ms AS session_ended_at_ms, session.last_activity_at_ms AS session_last_activity_at_ms, session.idle_timeout_ms AS session_idle_timeout_ms, session.outcome_basis AS session_outcome_basis, session.next_contact_at_ms AS session_next_contact_at_ms
FROM session AS session
WHERE session.workspace_id = $26::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($36::SMALLINT)
AND session.started_at_ms >= $27::BIGINT
AND session.started_at_ms < $28::BIGINT) AS rows_1
