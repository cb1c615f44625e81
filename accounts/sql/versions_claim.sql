-- Question: which products were seen with new versions, and are due to be counted?
-- Takes them out of the queue; those that very many run stay in it until some time has
-- gone by since they were counted. Rows that another worker holds are skipped.
-- Index: none; the queue is short. Cost: its rows.
DELETE FROM accounts_versionschanged
WHERE id IN (
    SELECT changed.id
    FROM accounts_versionschanged AS changed
    LEFT JOIN accounts_versiontotal AS total ON total.product_id = changed.product_id
    WHERE
        total.product_id IS NULL
        OR total.developers <= %(many)s
        OR total.counted_at < now() - make_interval(secs => %(pause)s)
    FOR UPDATE OF changed SKIP LOCKED
)
RETURNING product_id
