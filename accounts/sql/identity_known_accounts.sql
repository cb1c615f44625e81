-- Question: none; moves the times seen of the accounts of this batch, rows locked in
-- the order of their ids.
-- Index: primary keys of developer and account.
-- Cost: one probe per developer that moves, one write per account that moves.
WITH seen AS (
    SELECT
        d.account_id,
        -- A developer who comes to an account brings their past along.
        min(least(p.first_at, d.first_seen_at)) AS first_at,
        max(greatest(p.last_at, d.last_seen_at)) AS last_at
    FROM pending_identity AS p
    JOIN accounts_developer AS d ON d.id = p.developer_id
    WHERE
        d.account_id IS NOT NULL
        AND (
            p.account_moves
            OR p.confidence IS NULL
            OR p.account_id IS DISTINCT FROM d.account_id
        )
    GROUP BY d.account_id
),
locked AS (
    SELECT a.id
    FROM accounts_account AS a
    JOIN seen ON seen.account_id = a.id
    WHERE
        a.last_seen_at IS NULL
        OR seen.last_at > a.last_seen_at + %(step)s::interval
        OR seen.first_at < a.first_seen_at
    ORDER BY a.id
    FOR NO KEY UPDATE OF a
)
UPDATE accounts_account AS a
SET
    first_seen_at = least(a.first_seen_at, seen.first_at),
    last_seen_at = greatest(a.last_seen_at, seen.last_at)
FROM locked
JOIN seen ON seen.account_id = locked.id
WHERE a.id = locked.id
