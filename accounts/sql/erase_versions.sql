-- Question: none; queues the products whose versions some identities were seen with,
-- so that those who run them are counted again.
-- Index: primary key. Cost: one write per product.
INSERT INTO accounts_versionschanged (workspace_id, product_id)
SELECT DISTINCT %(workspace)s::bigint, product_id
FROM accounts_versionseen
WHERE identity_id = ANY (%(identities)s::bigint[])
