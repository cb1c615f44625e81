-- Question: what do the identities that developers have now say about them? Times seen
-- and facelessness follow, and their red flags; all are queued for scoring.
-- Index: foreign keys of identities to developers and of red flags to identities.
-- Cost: a few probes per developer and identity.
WITH known AS (
    SELECT
        developer_id,
        min(first_seen_at) AS first_at,
        max(last_seen_at) AS last_at,
        bool_and(kind = 'anonymous') AS is_anonymous
    FROM accounts_identity
    WHERE developer_id = ANY (%(developers)s::bigint[])
    GROUP BY developer_id
),
queued AS (
    INSERT INTO accounts_toucheddeveloper (workspace_id, developer_id)
    SELECT %(workspace)s, id
    FROM unnest(%(developers)s::bigint[]) AS u (id)
),
flagged AS (
    UPDATE accounts_redflag AS flag
    SET developer_id = i.developer_id
    FROM accounts_identity AS i
    WHERE
        i.developer_id = ANY (%(developers)s::bigint[])
        AND flag.identity_id = i.id
        AND flag.developer_id IS DISTINCT FROM i.developer_id
)
UPDATE accounts_developer AS d
SET
    first_seen_at = known.first_at,
    last_seen_at = known.last_at,
    is_anonymous = known.is_anonymous
FROM known
WHERE d.id = known.developer_id
