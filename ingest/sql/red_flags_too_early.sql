-- Question: who was seen with a version long before it was released? Finds what a day
-- of release that was entered later says of events from before.
-- Index: product_version_once, version_seen_who. Cost: those seen with released versions.
SELECT
    seen.identity_id, product.key, seen.version, released.released_on,
    seen.first_seen_at, seen.last_seen_at
FROM accounts_productversion AS released
JOIN accounts_product AS product ON product.id = released.product_id
JOIN accounts_versionseen AS seen
    ON seen.product_id = released.product_id AND seen.version = released.version
JOIN accounts_identity AS identity ON identity.id = seen.identity_id
WHERE
    released.workspace_id = %(workspace)s
    AND released.released_on IS NOT NULL
    AND seen.first_seen_at < released.released_on - make_interval(days => %(lead)s)
    AND seen.last_seen_at >= %(since)s
ORDER BY seen.identity_id, seen.first_seen_at
