-- Question: where does daily usage differ from what the raw events add up to?
-- One statement, hence one snapshot: a digest changes both in one transaction, so
-- nothing in flight shows up. Days before the event horizon cannot be counted.
-- Index: a workspace is read whole (one scan of its events and of its usage); for some
-- developers ingest_event_timeline and the primary key of daily usage.
-- Value sums may differ by the order of addition, a millionth is allowed.
WITH horizon AS (
    SELECT coalesce(max(day), '-infinity'::date) AS day
    FROM ingest_eventhorizon
    WHERE
        workspace_id IS NULL
        OR workspace_id = %(workspace)s
        OR workspace_id IN (
            SELECT workspace_id FROM accounts_developer WHERE id = ANY (%(developers)s)
        )
),
counted AS (
    SELECT
        e.workspace_id,
        i.developer_id,
        (e.occurred_at AT TIME ZONE 'UTC')::date AS day,
        e.metric_id,
        e.product_id,
        sum(e.count)::bigint AS count,
        coalesce(sum(e.value), 0) AS value_sum
    FROM accounts_identity AS i
    JOIN ingest_event AS e
        ON e.workspace_id = i.workspace_id AND e.identity_id = i.id
    WHERE
        (%(workspace)s::bigint IS NULL OR e.workspace_id = %(workspace)s)
        AND (%(developers)s::bigint[] IS NULL OR i.developer_id = ANY (%(developers)s))
        AND e.occurred_at >= (SELECT day::timestamp AT TIME ZONE 'UTC' FROM horizon)
        AND NOT e.is_test
    GROUP BY e.workspace_id, i.developer_id, 3, e.metric_id, e.product_id
),
kept AS (
    SELECT workspace_id, developer_id, day, metric_id, product_id, count, value_sum
    FROM accounts_dailyusage
    WHERE
        (%(workspace)s::bigint IS NULL OR workspace_id = %(workspace)s)
        AND (%(developers)s::bigint[] IS NULL OR developer_id = ANY (%(developers)s))
        AND day >= (SELECT day FROM horizon)
)
SELECT
    coalesce(counted.workspace_id, kept.workspace_id) AS workspace_id,
    developer_id,
    day,
    metric_id,
    product_id,
    counted.count AS counted,
    counted.value_sum AS counted_sum,
    kept.count AS kept,
    kept.value_sum AS kept_sum
FROM counted
FULL JOIN kept USING (developer_id, day, metric_id, product_id)
WHERE
    counted.count IS DISTINCT FROM kept.count
    OR abs(counted.value_sum - kept.value_sum)
    > 1e-6::float8 * greatest(1, abs(counted.value_sum), abs(kept.value_sum))
