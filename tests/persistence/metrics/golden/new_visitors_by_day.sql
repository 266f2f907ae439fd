SELECT /* session, now */ $1::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(DISTINCT rows_0.session_visitor_id) FILTER (WHERE rows_0.visitor_first_seen_at_ms >= $2::BIGINT) AS m0,
  count(DISTINCT rows_0.session_visitor_id) FILTER (WHERE rows_0.visitor_first_seen_at_ms < $2::BIGINT) AS m1
FROM (SELECT session.visitor_id AS session_visitor_id, visitor.first_seen_at_ms AS visitor_first_seen_at_ms
FROM session AS session
LEFT OUTER JOIN visitor_chatbot AS visitor ON visitor.workspace_id = session.workspace_id AND visitor.visitor_id = session.visitor_id AND visitor.chatbot_id = session.chatbot_id
WHERE session.workspace_id = $3::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($7::SMALLINT)
AND session.chatbot_id IN ($8::INTEGER)
AND session.started_at_ms >= $2::BIGINT
AND session.started_at_ms < $4::BIGINT) AS rows_0
UNION ALL SELECT /* session, now */ $5::INTEGER AS leg,
  rows_1.bucket AS bucket,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(DISTINCT rows_1.session_visitor_id) FILTER (WHERE rows_1.visitor_first_seen_at_ms >= ($6::BIGINT[])[rows_1.bucket]) AS m0,
  count(DISTINCT rows_1.session_visitor_id) FILTER (WHERE rows_1.visitor_first_seen_at_ms < ($6::BIGINT[])[rows_1.bucket]) AS m1
FROM (SELECT width_bucket(session.started_at_ms, $6::BIGINT[]) AS bucket, session.visitor_id AS session_visitor_id, visitor.first_seen_at_ms AS visitor_first_seen_at_ms
FROM session AS session
LEFT OUTER JOIN visitor_chatbot AS visitor ON visitor.workspace_id = session.workspace_id AND visitor.visitor_id = session.visitor_id AND visitor.chatbot_id = session.chatbot_id
WHERE session.workspace_id = $3::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($9::SMALLINT)
AND session.chatbot_id IN ($10::INTEGER)
AND session.started_at_ms >= $2::BIGINT
AND session.started_at_ms < $4::BIGINT) AS rows_1
GROUP BY rows_1.bucket
