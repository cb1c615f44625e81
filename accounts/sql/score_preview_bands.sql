-- Question: from which band to which do how many move, and how far? Bands as 0 Low,
--   1 Medium, 2 High.
-- Index: none; the table of the preview. Cost: one pass over it.
SELECT
    preview.is_account,
    (preview.before >= %(medium)s::float8)::int
    + (preview.before >= %(high)s::float8)::int AS band_before,
    (preview.after >= %(new_medium)s::float8)::int
    + (preview.after >= %(new_high)s::float8)::int AS band_after,
    count(*) AS number,
    count(*) FILTER (WHERE preview.after > preview.before) AS up,
    count(*) FILTER (WHERE preview.after < preview.before) AS down,
    coalesce(sum(preview.after - preview.before) FILTER (
        WHERE preview.after > preview.before
    ), 0) AS won,
    coalesce(sum(preview.before - preview.after) FILTER (
        WHERE preview.after < preview.before
    ), 0) AS lost
FROM score_preview AS preview
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
