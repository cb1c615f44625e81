-- Question: which of these developers belong elsewhere by what was just weighed? They
-- are moved, or lose their account when nothing speaks for it any more.
-- Corrections by hand stay.
-- Index: primary key. Cost: one write per developer that changes.
WITH judged AS (
    SELECT
        d.id,
        d.account_id AS account_before,
        e.account_id,
        coalesce(e.rule, 'none') AS rule,
        coalesce(e.confidence, 0) AS confidence,
        coalesce(e.detail, '') AS detail
    FROM accounts_developer AS d
    LEFT JOIN pending_evidence AS e ON e.developer_id = d.id
    WHERE
        d.id = ANY (%(developers)s::bigint[])
        AND d.rule <> 'hand'
        AND (d.account_id, d.rule, d.rule_detail)
        IS DISTINCT FROM
        (e.account_id, coalesce(e.rule, 'none')::varchar, coalesce(e.detail, '')::varchar)
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
),
changed AS (
    UPDATE accounts_developer AS d
    SET
        account_id = j.account_id,
        rule = j.rule,
        confidence = j.confidence,
        rule_detail = j.detail
    FROM judged AS j
    WHERE d.id = j.id
    RETURNING
        d.workspace_id, d.id, d.account_id, j.account_before, d.first_seen_at,
        d.last_seen_at
),
queued AS (
    INSERT INTO accounts_toucheddeveloper (workspace_id, developer_id)
    SELECT workspace_id, id
    FROM changed
    WHERE account_id IS DISTINCT FROM account_before
),
seen AS (
    SELECT
        account_id, min(first_seen_at) AS first_at, max(last_seen_at) AS last_at
    FROM changed
    WHERE account_id IS NOT NULL
    GROUP BY account_id
),
dated AS (
    UPDATE accounts_account AS a
    SET
        first_seen_at = least(a.first_seen_at, seen.first_at),
        last_seen_at = greatest(a.last_seen_at, seen.last_at)
    FROM seen
    WHERE a.id = seen.account_id
)
SELECT count(*) FROM changed WHERE account_id IS DISTINCT FROM account_before
