-- Takes the seats of these people away, if the client is still good. Answers with
-- whether it is, and how many there were.
-- Index: provisioned_user_once. Cost: one probe and one row per person.
WITH valid AS MATERIALIZED (
    SELECT client.id
    FROM accounts_apikey AS client
    WHERE
        client.id = %(key_id)s::bigint
        AND client.version = %(version)s::bigint
        AND client.revoked_at IS NULL
        AND (client.expires_at IS NULL OR client.expires_at > now())
),
item AS MATERIALIZED (
    -- In the order in which they are given as well: see provisioned_put.sql.
    SELECT known.id
    FROM accounts_provisioneduser AS known
    CROSS JOIN valid
    WHERE
        known.application_id = %(application_id)s::bigint
        AND known.app_user_id = ANY(%(app_user_ids)s::text[])
    ORDER BY known.app_user_id
    FOR UPDATE OF known
),
gone AS (
    DELETE FROM accounts_provisioneduser AS known
    USING item
    WHERE known.id = item.id
    RETURNING known.id
)
SELECT
    (SELECT count(*) FROM valid)::bigint,
    (SELECT count(*) FROM gone)::bigint
