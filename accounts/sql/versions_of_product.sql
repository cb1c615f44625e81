-- Question: which versions of a product were seen, and when first and last?
-- Index: version_seen_who. Cost: everybody seen with the product, once.
SELECT version, min(first_seen_at), max(last_seen_at)
FROM accounts_versionseen
WHERE product_id = %(product)s
GROUP BY version
