-- Question: none; moves the times and the address kept with known identities, rows
-- locked in the order of their ids.
-- An address is kept only while the company is not known from something better; and
-- the one that placed somebody stays, so that attributing anew comes out the same.
-- Index: primary keys. Cost: one write per identity that moves, none for the others.
WITH locked AS (
    SELECT i.id
    FROM accounts_identity AS i
    WHERE i.id IN (
        SELECT identity_id
        FROM pending_identity
        WHERE
            identity_moves
            OR (
                ip IS NOT NULL
                AND NOT developer_is_made
                AND developer_id IN (SELECT developer_id FROM pending_evidence)
            )
    )
    ORDER BY i.id
    FOR NO KEY UPDATE
)
UPDATE accounts_identity AS i
SET
    first_seen_at = least(i.first_seen_at, p.first_at),
    last_seen_at = greatest(i.last_seen_at, p.last_at),
    last_ip = CASE
        WHEN d.confidence >= 0.9 THEN NULL
        WHEN d.confidence = 0 OR d.confidence > p.confidence
            THEN coalesce(p.ip, i.last_ip)
        ELSE i.last_ip
    END
FROM locked
JOIN pending_identity AS p ON p.identity_id = locked.id
JOIN accounts_developer AS d ON d.id = p.developer_id
WHERE i.id = locked.id
