-- Question: how many seats of an application were used for each of its events, event
--   groups (actions) and categories, since two days?
-- Index: event_definition_once, provisioned_user_by_email, identity_once, primary key of
--   daily usage (developer, day, …).
-- Cost: the last days' rows of everybody with a seat, grouped twice.
WITH definition AS (
    SELECT name, category, actions, minimum_tier, metric_id
    FROM accounts_eventdefinition
    WHERE application_id = %(application)s
),
used AS (
    SELECT
        seat.id AS seat_id,
        usage.metric_id,
        max(usage.day) AS day
    FROM accounts_provisioneduser AS seat
    INNER JOIN accounts_identity AS identity
        ON
            identity.workspace_id = seat.workspace_id
            AND identity.kind = 'email'
            AND identity.value = seat.folded_email
    INNER JOIN accounts_dailyusage AS usage
        ON usage.developer_id = identity.developer_id
    WHERE
        seat.application_id = %(application)s
        AND usage.day BETWEEN %(month)s AND %(today)s
        AND usage.product_id = (
            SELECT product_id FROM accounts_application WHERE id = %(application)s
        )
    GROUP BY seat.id, usage.metric_id
),
grouped AS (
    SELECT 'category' AS kind, category AS label, '' AS note, metric_id
    FROM definition
    UNION ALL
    SELECT 'action', action, '', metric_id
    FROM definition CROSS JOIN unnest(actions) AS action
    UNION ALL
    SELECT 'event', name, concat_ws(', ', category, nullif(minimum_tier, '')), metric_id
    FROM definition
)
SELECT
    grouped.kind,
    grouped.label,
    grouped.note,
    count(DISTINCT used.seat_id) FILTER (WHERE used.day >= %(week)s) AS week,
    count(DISTINCT used.seat_id) AS month
FROM grouped
LEFT JOIN used ON used.metric_id = grouped.metric_id
GROUP BY grouped.kind, grouped.label, grouped.note
ORDER BY grouped.kind, month DESC, week DESC, grouped.label
