-- Question: who has a seat in an application and never used it? In order of address,
--   after a place in that order, at most so many.
-- Index: provisioned_user_by_email, identity_once, primary key of daily usage.
-- Cost: a probe or two per seat, until the page is full.
SELECT
    seat.id,
    seat.folded_email,
    seat.email,
    seat.app_user_id,
    seat.username,
    seat.license,
    seat.created_at
FROM accounts_provisioneduser AS seat
WHERE
    seat.application_id = %(application)s
    AND (seat.folded_email, seat.id) > (%(email)s, %(after)s)
    AND NOT EXISTS (
        SELECT 1
        FROM accounts_identity AS identity
        INNER JOIN accounts_dailyusage AS usage
            ON usage.developer_id = identity.developer_id
        WHERE
            identity.workspace_id = seat.workspace_id
            AND identity.kind = 'email'
            AND identity.value = seat.folded_email
            AND usage.product_id = (
                SELECT product_id FROM accounts_application
                WHERE id = %(application)s
            )
    )
ORDER BY seat.folded_email, seat.id
LIMIT %(most)s
