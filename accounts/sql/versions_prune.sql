-- Question: none; forgets all but the latest versions of each identity and product. A
-- sender that makes up versions would otherwise fill the table.
-- Index: primary key, read in its order. Cost: the whole table once, at night.
DELETE FROM accounts_versionseen AS seen
USING (
    SELECT identity_id, product_id, version
    FROM (
        SELECT
            identity_id, product_id, version,
            row_number() OVER (
                PARTITION BY identity_id, product_id ORDER BY last_seen_at DESC, version
            ) AS place
        FROM accounts_versionseen
        WHERE (identity_id, product_id) IN (
            SELECT identity_id, product_id
            FROM accounts_versionseen
            GROUP BY identity_id, product_id
            HAVING count(*) > %(most)s
        )
    ) AS ranked
    WHERE place > %(most)s
) AS old
WHERE
    seen.identity_id = old.identity_id
    AND seen.product_id = old.product_id
    AND seen.version = old.version
