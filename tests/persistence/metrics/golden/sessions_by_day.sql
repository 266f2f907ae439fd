SELECT /* session, now */ $1::INTEGER AS leg,
  rows_0.bucket AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) AS m0
FROM (SELECT width_bucket(session.started_at_ms, $2::BIGINT[]) AS bucket
FROM session AS session
WHERE session.workspace_id = $3::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($6::SMALLINT)
AND session.started_at_ms >= $4::BIGINT
AND session.started_at_ms < $5::BIGINT) AS rows_0
GROUP BY GROUPING SETS((), (rows_0.bucket))
