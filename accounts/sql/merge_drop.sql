-- Question: none; removes developers without identities, and their scores; whoever
-- stays is queued for scoring.
-- Index: primary keys. Cost: a few probes per developer.
WITH unscored AS (
    DELETE FROM accounts_developerscore
    WHERE developer_id = ANY (%(gone)s::bigint[])
),
queued AS (
    INSERT INTO accounts_toucheddeveloper (workspace_id, developer_id)
    SELECT %(workspace)s, id
    FROM unnest(%(stay)s::bigint[]) AS u (id)
)
DELETE FROM accounts_developer
WHERE id = ANY (%(gone)s::bigint[])
