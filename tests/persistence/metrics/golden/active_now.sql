SELECT /* moment, now */ $1::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) FILTER (WHERE rows_0.session_ended_at_ms IS NULL AND $2::BIGINT - rows_0.session_last_activity_at_ms <= $3::BIGINT) AS m0,
  count(*) FILTER (WHERE rows_0.session_ended_at_ms IS NULL AND $2::BIGINT - rows_0.session_last_activity_at_ms < rows_0.session_idle_timeout_ms) AS m1
FROM (SELECT session.ended_at_ms AS session_ended_at_ms, session.last_activity_at_ms AS session_last_activity_at_ms, session.idle_timeout_ms AS session_idle_timeout_ms
FROM session AS session
WHERE session.workspace_id = $4::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($6::SMALLINT)
AND session.last_activity_at_ms >= $5::BIGINT) AS rows_0
