-- Question: who would move most, each way?
-- Index: primary keys for the names; the table of the preview. Cost: four sorts of it
--   that keep only the first rows.
(
    SELECT preview.is_account, preview.id, preview.before, preview.after
    FROM score_preview AS preview
    WHERE preview.is_account AND preview.after > preview.before
    ORDER BY preview.before - preview.after, preview.id
    LIMIT %(limit)s
)
UNION ALL
(
    SELECT preview.is_account, preview.id, preview.before, preview.after
    FROM score_preview AS preview
    WHERE preview.is_account AND preview.after < preview.before
    ORDER BY preview.after - preview.before, preview.id
    LIMIT %(limit)s
)
UNION ALL
(
    SELECT preview.is_account, preview.id, preview.before, preview.after
    FROM score_preview AS preview
    WHERE NOT preview.is_account AND preview.after > preview.before
    ORDER BY preview.before - preview.after, preview.id
    LIMIT %(limit)s
)
UNION ALL
(
    SELECT preview.is_account, preview.id, preview.before, preview.after
    FROM score_preview AS preview
    WHERE NOT preview.is_account AND preview.after < preview.before
    ORDER BY preview.after - preview.before, preview.id
    LIMIT %(limit)s
)
