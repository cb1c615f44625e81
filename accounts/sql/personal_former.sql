-- Question: which numbers did a developer have before? Those of everybody who was
-- merged into them and not taken out again, and of who was merged into those.
-- Index: accounts_correction's on the workspace. Cost: the workspace's merges, read
-- once for each generation of merges.
WITH RECURSIVE former (id) AS (
    SELECT %(developer)s::bigint
    UNION
    SELECT (correction.before -> 'other' ->> 'id')::bigint
    FROM former
    JOIN accounts_correction AS correction
        ON correction.workspace_id = %(workspace)s
        AND correction.kind = 'merge'
        AND correction.undone_at IS NULL
        AND (correction.before -> 'keep' ->> 'id')::bigint = former.id
)
SELECT id FROM former
