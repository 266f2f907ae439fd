SELECT /* answer, now */ $1::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  rows_0.d0 AS d0,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  CAST(percentile_disc($2) WITHIN GROUP (ORDER BY rows_0.row_response_ms) FILTER (WHERE rows_0.row_response_ms IS NOT NULL) AS BIGINT) AS m0,
  count(*) FILTER (WHERE rows_0.row_response_ms IS NOT NULL) AS m1,
  count(*) FILTER (WHERE rows_0.row_fallback IS NOT NULL AND rows_0.row_fallback IS true) AS m2,
  count(*) FILTER (WHERE rows_0.row_fallback IS NOT NULL) AS m3
FROM (SELECT CAST(CASE WHEN (session.chatbot_id IS NULL) THEN $3::INTEGER ELSE session.chatbot_id END AS INTEGER) AS d0, fact.response_ms AS row_response_ms, fact.fallback AS row_fallback
FROM message AS fact
JOIN session AS session ON session.workspace_id = fact.workspace_id
AND session.month = fact.month
AND session.session_id = fact.session_id
WHERE fact.workspace_id = $4::UUID
AND fact.is_answer IS true
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($7::SMALLINT)
AND session.country IN ($8::INTEGER) AND (session.channel IN ($9::SMALLINT)) IS NOT true
AND fact.occurred_at_ms >= $5::BIGINT
AND fact.occurred_at_ms < $6::BIGINT
AND session.last_activity_at_ms >= $5::BIGINT
AND session.started_at_ms < $6::BIGINT) AS rows_0
GROUP BY rows_0.d0
