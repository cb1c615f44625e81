-- Question: which products were used on most days, and are not used any more?
-- Index: primary key of workspace usage (workspace first). Cost: reads some three weeks
-- of workspace usage, a row per metric, product and day.
WITH used AS (
    SELECT DISTINCT workspace_id, product_id, day
    FROM accounts_workspaceusage
    WHERE day >= %(since)s AND day <= %(today)s AND count > 0
),
latest AS (
    SELECT workspace_id, product_id, max(day) AS last
    FROM used
    GROUP BY workspace_id, product_id
),
counted AS (
    SELECT
        latest.workspace_id,
        latest.product_id,
        latest.last,
        count(*) FILTER (WHERE used.day > latest.last - %(looked_back)s) AS days
    FROM latest
    JOIN used
        ON used.workspace_id = latest.workspace_id AND used.product_id = latest.product_id
    GROUP BY latest.workspace_id, latest.product_id, latest.last
)
SELECT workspace_id, product_id, last
FROM counted
WHERE EXISTS (
    SELECT FROM unnest(%(days)s::int[], %(quiet)s::int[]) AS rule (days, quiet)
    WHERE counted.days >= rule.days AND %(today)s - counted.last >= rule.quiet
)
ORDER BY workspace_id, product_id
