-- Question: none; adds to the rows of one table in the receipt of a removal.
-- Index: primary key. Cost: one row.
UPDATE accounts_removedworkspace AS r
SET
    counts = r.counts || jsonb_build_object(
        %(name)s::text, coalesce((r.counts ->> %(name)s)::bigint, 0) + %(rows)s
    )
WHERE r.id = %(receipt)s
