SELECT /* session, now */ $1::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  rows_0.d0 AS d0,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) AS m0,
  CAST(NULL AS BIGINT) AS m1,
  CAST(NULL AS BIGINT) AS m2,
  CAST(NULL AS BIGINT) AS m3,
  CAST(NULL AS BIGINT) AS m4
FROM (SELECT CAST(CASE WHEN (turns_0.intent IS NULL) THEN $2::INTEGER ELSE turns_0.intent END AS INTEGER) AS d0, session.session_id AS session_session_id
FROM session AS session
JOIN (SELECT DISTINCT turn.session_id AS session_id, turn.intent AS intent
FROM message AS turn
WHERE turn.workspace_id = $3::UUID AND turn.session_id IS NOT NULL AND turn.message_received IS true AND turn.role = $4::BIGINT AND turn.occurred_at_ms >= $5::BIGINT) AS turns_0 ON turns_0.session_id = session.session_id
WHERE session.workspace_id = $3::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($12::SMALLINT)
AND session.started_at_ms >= $5::BIGINT
AND session.started_at_ms < $6::BIGINT) AS rows_0
GROUP BY rows_0.d0
UNION ALL SELECT /* session, now */ $7::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS INTEGER) AS d0,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) AS m0,
  CAST(NULL AS BIGINT) AS m1,
  CAST(NULL AS BIGINT) AS m2,
  CAST(NULL AS BIGINT) AS m3,
  CAST(NULL AS BIGINT) AS m4
FROM (SELECT $8::INTEGER AS one
FROM session AS session
WHERE session.workspace_id = $3::UUID
AND session.opened IS true
AND session.merged_into IS NULL AND (session.is_bot IS true) IS NOT true
AND session.source IN ($13::SMALLINT)
AND session.session_id IN (SELECT turn.session_id
FROM message AS turn
WHERE turn.workspace_id = $3::UUID AND turn.session_id IS NOT NULL AND turn.message_received IS true AND turn.role = $9::BIGINT AND turn.occurred_at_ms >= $5::BIGINT)
AND session.started_at_ms >= $5::BIGINT
AND session.started_at_ms < $6::BIGINT) AS rows_1
UNION ALL SELECT /* session, now */ $10::INTEGER AS leg,
  CAST(NULL AS INTEGER) AS bucket,
  CAST(NULL AS INTEGER) AS d0,
  CAST(NULL AS TEXT) AS currency,
  CAST(NULL AS INTEGER) AS day,
  count(*) FILTER (WHERE rows_2.session_source IN ($14::SMALLINT)) AS m0,
  count(*) FILTER (WHERE rows_2.session_source IN ($15::SMALLINT)) AS m1,
  count(*) FILTER (WHERE rows_2.session_source IN ($16::SMALLINT)) AS m2,
  count(*) FILTER (WHERE rows_2.session_source IN ($17::SMALLINT) AND rows_2.session_is_bot IS true) AS m3,
  count(*) FILTER (WHERE rows_2.session_opened IS true AND rows_2.session_merged_into IS NULL AND (rows_2.session_is_bot IS true) IS NOT true AND rows_2.session_source IN ($18::SMALLINT) AND (rows_2.session_session_id IN (SELECT turn.session_id
FROM message AS turn
WHERE turn.workspace_id = $3::UUID AND turn.session_id IS NOT NULL AND turn.message_received IS true AND turn.role = $11::BIGINT AND turn.occurred_at_ms >= $5::BIGINT)) IS NOT true) AS m4
FROM (SELECT session.source AS session_source, session.is_bot AS session_is_bot, session.opened AS session_opened, session.merged_into AS session_merged_into, session.session_id AS session_session_id
FROM session AS session
WHERE session.workspace_id = $3::UUID
AND session.opened IS true
AND session.merged_into IS NULL
AND session.started_at_ms >= $5::BIGINT
AND session.started_at_ms < $6::BIGINT) AS rows_2
