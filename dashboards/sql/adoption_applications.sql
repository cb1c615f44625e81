-- Question: for each application of a workspace, how many seats are there, how many of
--   them were used since two days, and how many never?
-- Index: application_id_once, provisioned_user_by_email, identity_once, primary key of
--   daily usage (developer, day, …).
-- Cost: per seat, its person's rows of the last days; of those who did not come lately
--   also one look further back.
SELECT
    application.id,
    application.app_id,
    product.name,
    application.category,
    count(seat.id) AS seats,
    count(recent.day) FILTER (WHERE recent.day >= %(week)s) AS week,
    count(recent.day) AS month,
    count(seat.id) FILTER (
        WHERE recent.day IS NULL
        AND NOT EXISTS (
            SELECT 1
            FROM accounts_dailyusage AS usage
            WHERE
                usage.developer_id = identity.developer_id
                AND usage.product_id = application.product_id
        )
    ) AS never
FROM accounts_application AS application
INNER JOIN accounts_product AS product ON product.id = application.product_id
LEFT JOIN accounts_provisioneduser AS seat ON seat.application_id = application.id
LEFT JOIN accounts_identity AS identity
    ON
        identity.workspace_id = application.workspace_id
        AND identity.kind = 'email'
        AND identity.value = seat.folded_email
LEFT JOIN LATERAL (
    SELECT max(usage.day) AS day
    FROM accounts_dailyusage AS usage
    WHERE
        usage.developer_id = identity.developer_id
        AND usage.product_id = application.product_id
        AND usage.day BETWEEN %(month)s AND %(today)s
) AS recent ON TRUE
WHERE application.workspace_id = %(workspace)s
GROUP BY application.id, product.name
ORDER BY count(seat.id) DESC, product.name, application.id
