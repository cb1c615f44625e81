-- Question: none; hands the identities of merged developers to those who stay.
-- A merge by hand ends that any of them was kept apart.
-- Index: foreign key of identities to developers. Cost: one write per identity.
UPDATE accounts_identity AS i
SET
    developer_id = pair.keep,
    joined_by = CASE
        WHEN i.developer_id = pair.keep THEN i.joined_by ELSE left(pair.reason, 100)
    END,
    kept_apart = i.kept_apart AND NOT %(by_hand)s
FROM unnest(%(keeps)s::bigint[], %(others)s::bigint[], %(reasons)s::text[])
    AS pair (keep, other, reason)
WHERE
    i.developer_id = pair.other
    OR (i.developer_id = pair.keep AND i.kept_apart AND %(by_hand)s)
