-- Question: none; lets the stays go on that a merge ended, unless their developer is in
-- another stage since.
-- Index: primary key, stage_entry_developer_now. Cost: a few probes.
WITH reopened AS (
    UPDATE accounts_stageentry AS e
    SET left_at = NULL, left_reason = ''
    FROM accounts_stageentry AS was
    WHERE
        was.id = e.id
        AND e.id IN (
            SELECT DISTINCT ON (ended.developer_id) ended.id
            FROM accounts_stageentry AS ended
            JOIN accounts_stage AS s ON s.id = ended.stage_id AND s.removed_at IS NULL
            WHERE
                ended.id = ANY (%(entries)s::bigint[])
                AND ended.left_at IS NOT NULL
                AND NOT EXISTS (
                    SELECT 1
                    FROM accounts_stageentry AS now_in
                    WHERE
                        now_in.developer_id = ended.developer_id
                        AND now_in.left_at IS NULL
                )
            ORDER BY ended.developer_id, ended.id DESC
        )
    RETURNING e.stage_id, (was.left_at AT TIME ZONE 'UTC')::date AS day
)
UPDATE accounts_stageday AS d
SET "left" = d."left" - gone.number
FROM (
    SELECT stage_id, day, count(*) AS number FROM reopened GROUP BY stage_id, day
) AS gone
WHERE d.stage_id = gone.stage_id AND d.day = gone.day
