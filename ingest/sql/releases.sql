-- Question: when were the versions of these products released?
-- Index: product_version_once. Cost: one range per product of the batch.
SELECT product_id, version, released_on
FROM accounts_productversion
WHERE product_id = ANY (%(products)s::bigint[]) AND released_on IS NOT NULL
