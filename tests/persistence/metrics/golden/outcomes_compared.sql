SELECT /* session, now */ $1::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $2::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis IN ($21::SMALLINT) OR rows_0.session_outcome_basis = $3::BIGINT AND (rows_0.session_next_contact_at_ms - rows_0.session_last_activity_at_ms < $4::BIGINT) IS NOT true)) AS m0,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $2::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis = $5::BIGINT) IS NOT true) AS m1,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $2::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis = $6::BIGINT) IS NOT true AND (rows_0.session_outcome_basis IN ($22::SMALLINT)) IS NOT true AND (rows_0.session_outcome_basis = $7::BIGINT) IS NOT true) AS m2,
  count(*) FILTER (WHERE (rows_0.session_ended_at_ms IS NULL AND $2::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) IS NOT true AND (rows_0.session_outcome_basis = $8::BIGINT) IS NOT true AND (rows_0.session_outcome_basis IN ($23::SMALLINT)) IS NOT true) AS m3
FROM (SELECT session.ended_at_ms AS session_ended_at_ms, session.last_activity_at_ms AS session_last_activity_at_ms, session.idle_timeout_ms AS session_idle_timeout_ms, session.outcome_basis AS session_outcome_basis, session.next_contact_at_ms AS session_next_contact_at_ms
FROM session AS session
WHERE session.workspace_id = $9::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($24::SMALLINT)
AND session.started_at_ms >= $10::BIGINT
AND session.started_at_ms < $11::BIGINT) AS rows_0
UNION ALL SELECT /* session, previous */ $12::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $2::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis IN ($25::SMALLINT) OR rows_1.session_outcome_basis = $13::BIGINT AND (rows_1.session_next_contact_at_ms - rows_1.session_last_activity_at_ms < $14::BIGINT) IS NOT true)) AS m0,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $2::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis = $15::BIGINT) IS NOT true) AS m1,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $2::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis = $16::BIGINT) IS NOT true AND (rows_1.session_outcome_basis IN ($26::SMALLINT)) IS NOT true AND (rows_1.session_outcome_basis = $17::BIGINT) IS NOT true) AS m2,
  count(*) FILTER (WHERE (rows_1.session_ended_at_ms IS NULL AND $2::BIGINT - rows_1.session_last_activity_at_ms < rows_1.session_idle_timeout_ms) IS NOT true AND (rows_1.session_outcome_basis = $18::BIGINT) IS NOT true AND (rows_1.session_outcome_basis IN ($27::SMALLINT)) IS NOT true) AS m3
FROM (SELECT session.ended_at_ms AS session_ended_at_ms, session.last_activity_at_ms AS session_last_activity_at_ms, session.idle_timeout_ms AS session_idle_timeout_ms, session.outcome_basis AS session_outcome_basis, session.next_contact_at_ms AS session_next_contact_at_ms
FROM session AS session
WHERE session.workspace_id = $9::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($28::SMALLINT)
AND session.started_at_ms >= $19::BIGINT
AND session.started_at_ms < $20::BIGINT) AS rows_1
